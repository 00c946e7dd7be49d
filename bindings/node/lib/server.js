import http from "node:http";
import https from "node:https";
import net from "node:net";
import tls from "node:tls";
import { inspect } from "node:util";
import { integer, list, span } from "./arguments.js";
import { Connection } from "./connection.js";
import { constants } from "./declarations.js";
import { acceptDeflate } from "./deflate.js";
import { check } from "./errors.js";
import { buildReply, buildResponse, HeadReader, parseRequest } from "./heads.js";
import { sizeOf, ws } from "./native.js";
import { WebSocket } from "./websocket.js";

const HANDSHAKE_TIMEOUT = 10_000;
const REFUSED_TIMEOUT = 1_000; // for a client to read the reply and close

/** Separates the options of a server, of its WebSockets and of their connections. */
function split(options) {
    const { handshakeTimeout = HANDSHAKE_TIMEOUT, closeTimeout, refuse, ...accept } = options;
    integer(handshakeTimeout, "handshakeTimeout", 1, 2 ** 31 - 1);
    if (closeTimeout !== undefined) integer(closeTimeout, "closeTimeout", 1, 2 ** 31 - 1);
    if (refuse !== undefined && typeof refuse !== "function") {
        throw new TypeError("refuse must be a function");
    }
    Connection.accept(Buffer.alloc(0), accept); // throws if an option is invalid
    return { handshakeTimeout, closeTimeout, refuse, accept };
}

/** A net.Server whose connections are WebSockets. `listener` gets (webSocket, request). */
export function createServer(options, listener) {
    if (typeof options === "function") return createServer({}, options);
    const server = net.createServer({ allowHalfOpen: true });
    attach(server, options, listener);
    return server;
}

/** Accepts WebSockets on a server of node:net, node:tls, node:http or node:https. */
export function attach(server, options, listener) {
    if (typeof options === "function") return attach(server, {}, options);
    if (typeof listener !== "function") throw new TypeError("listener must be a function");
    const settings = split(options);
    if (server instanceof http.Server || server instanceof https.Server) {
        server.on("upgrade", (request, socket, head) => {
            upgrade(request, socket, head, settings).then((webSocket) => {
                if (webSocket) report(listener, webSocket, request);
            });
        });
    } else {
        const event = server instanceof tls.Server ? "secureConnection" : "connection";
        server.on(event, (socket) => open(socket, settings, listener));
    }
}

/** Reads the request from a socket, and replies. */
function open(socket, settings, listener) {
    const reader = new HeadReader();
    const stop = limit(socket, settings.handshakeTimeout);
    socket.on("data", take).on("end", leave);

    function leave() {
        socket.end();
    }

    function take(chunk) {
        let head;
        try {
            head = reader.push(chunk);
        } catch (error) {
            done();
            stop();
            return refuse(socket, buildReply(error.httpStatus));
        }
        if (head === null) return;
        done();
        answer(socket, head, settings, stop).then((webSocket) => {
            if (webSocket) report(listener, webSocket, parseRequest(head));
        });
    }

    function done() {
        socket.off("data", take).off("end", leave).pause();
    }
}

/** Ends a socket whose handshake takes too long. Returns a function that lifts the limit. */
function limit(socket, milliseconds) {
    const timer = setTimeout(() => socket.destroy(), milliseconds);
    socket.on("close", stop).on("error", ignore);
    return stop;

    function stop() {
        clearTimeout(timer);
        socket.off("close", stop).off("error", ignore);
    }
}

function ignore() {}

/** Calls a listener outside of promises, so that what it throws is an uncaught exception. */
function report(listener, webSocket, request) {
    process.nextTick(() => listener(webSocket, request));
}

/** Replies to a whole head. Resolves to the WebSocket, or to null if there is none. */
async function answer(socket, head, settings, stop) {
    const reply = await refusal(settings.refuse, () => parseRequest(head));
    stop();
    if (socket.destroyed) return null;
    const accepted = reply ? { reply } : Connection.accept(head, settings.accept);
    if (!accepted.connection) {
        refuse(socket, accepted.reply);
        return null;
    }
    socket.write(accepted.reply);
    const rest = head.subarray(accepted.headLength);
    const options = { rest, closeTimeout: settings.closeTimeout };
    return new WebSocket(socket, accepted.connection, options);
}

/** The reply with which the program refuses a request; null to go on. */
async function refusal(decide, parse) {
    if (!decide) return null;
    let request;
    try {
        request = parse();
    } catch {
        return null; // the library refuses it
    }
    try {
        const status = await decide(request);
        return status === undefined || status === null ? null : buildReply(status);
    } catch (error) {
        process.emitWarning(`refuse failed: ${inspect(error)}`);
        return buildReply(500);
    }
}

/** Sends a reply, then reads until the client closes: closing at once can destroy the reply. */
function refuse(socket, reply) {
    const timer = setTimeout(() => socket.destroy(), REFUSED_TIMEOUT);
    socket.on("error", ignore).on("close", () => clearTimeout(timer));
    socket.end(reply);
    socket.resume();
}

/**
 * Accepts a request that node:http has parsed, from a listener of the event "upgrade". Resolves
 * to a WebSocket, or to null if there is none: the request was refused, or the client has left.
 */
export async function acceptUpgrade(request, socket, head, options = {}) {
    return upgrade(request, socket, head, split(options));
}

async function upgrade(request, socket, head, settings) {
    const { protocols, needProtocol, origins, headers, deflate, ...options } = settings.accept;
    const error = ws.ws_check_request(fieldsOf(request, origins), sizeOf("ws_request_fields"));
    const stop = limit(socket, settings.handshakeTimeout);
    let reply =
        error < 0
            ? buildReply(ws.ws_http_status(error))
            : await refusal(settings.refuse, () => request);
    stop();
    if (socket.destroyed) return null;
    const protocol = selectProtocol(valueOf(request, "sec-websocket-protocol"), protocols);
    if (needProtocol && protocol === null) reply ??= buildReply(400);
    if (reply) {
        refuse(socket, reply);
        return null;
    }
    const offers = valueOf(request, "sec-websocket-extensions") ?? "";
    const agreed = deflate ? acceptDeflate(offers, deflate) : null;
    const connection = new Connection("server", {
        ...options,
        deflate: agreed && { ...(deflate === true ? {} : deflate), ...agreed.agreed },
    });
    connection.protocol = protocol;
    const key = valueOf(request, "sec-websocket-key");
    socket.setTimeout(0);
    socket.write(buildResponse({ key, protocol, extensions: agreed?.response, headers }));
    return new WebSocket(socket, connection, { rest: head, closeTimeout: settings.closeTimeout });
}

/** All values of a field, joined with commas: node:http drops some. */
function valueOf({ rawHeaders }, name) {
    const values = rawHeaders.filter((_, i) => i % 2 && rawHeaders[i - 1].toLowerCase() === name);
    return values.length > 0 ? values.join(",") : undefined;
}

function fieldsOf(request, origins) {
    const field = (name) => span(valueOf(request, name), name);
    return {
        method: span(request.method),
        host: field("host"),
        upgrade: field("upgrade"),
        connection: field("connection"),
        key: field("sec-websocket-key"),
        version: field("sec-websocket-version"),
        origin: field("origin"),
        extensions: field("sec-websocket-extensions"),
        content_length: field("content-length"),
        transfer_encoding: field("transfer-encoding"),
        connect_protocol: span(undefined),
        origins: span(list(origins, "origins", " ")),
        http_version: request.httpVersionMajor * 10 + request.httpVersionMinor,
        reserved: 0,
    };
}

function selectProtocol(offered, protocols) {
    if (offered === undefined || protocols === undefined) return null;
    const [theirs, ours] = [span(offered), span(list(protocols, "protocols", ", "))];
    const at = {};
    const n = ws.ws_select_protocol_value(theirs.data, theirs.len, ours.data, ours.len, at);
    return check(n) === 1 ? ours.data.toString("latin1", at.off, at.off + at.len) : null;
}
