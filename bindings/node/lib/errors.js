import { ws } from "./native.js";

/** An error that the library returned. Wrong types of arguments are a TypeError instead. */
export class WscodecError extends Error {
    constructor(result, context = "") {
        const name = ws.ws_errname(result);
        super(`${context}${ws.ws_strerror(result)} (${name})`);
        /** The name of the constant in wscodec.h, such as "WS_ERR_UTF8". */
        this.code = name;
        this.result = result;
        /** The close code that reports the error to the peer. */
        this.closeCode = ws.ws_close_code_for(result);
        /** The HTTP status that refuses a request with this error. */
        this.httpStatus = ws.ws_http_status(result);
    }
}

WscodecError.prototype.name = "WscodecError";

/** Returns a count, or throws. */
export function check(result, context) {
    if (result < 0) throw new WscodecError(result, context && `${context}: `);
    return result;
}
