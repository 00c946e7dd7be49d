export { acceptUpgrade, attach, createServer } from "./lib/server.js";
export { connect } from "./lib/client.js";
export { WebSocket } from "./lib/websocket.js";
export { Connection, Event } from "./lib/connection.js";
export { constants } from "./lib/declarations.js";
export { Decoder } from "./lib/decoder.js";
export { acceptDeflate, confirmDeflate, offerDeflate } from "./lib/deflate.js";
export { WscodecError } from "./lib/errors.js";
export {
    buildReply, buildRequest, buildResponse, HeadReader, parseRequest, parseResponse,
    Request, Response,
} from "./lib/heads.js";
export {
    acceptKey, buildClose, decodeFrame, encodeFrame, encodeHeader, makeKey, parseClose,
    Utf8Validator,
} from "./lib/pieces.js";
export { version } from "./lib/native.js";
