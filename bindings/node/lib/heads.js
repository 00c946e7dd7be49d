// The heads of the opening handshake: reading and building them.

import { bytes, headerLines, integer, list, span } from "./arguments.js";
import { constants } from "./declarations.js";
import { check, WscodecError } from "./errors.js";
import { sizeOf, ws } from "./native.js";

const { WS_ERR_NOT_UPGRADE, WS_ERR_HANDSHAKE_STATUS, WS_MAX_HEAD, WS_MAX_REPLY } = constants;

// Strings are latin1, as those of node:http, so that every byte survives.
function text(head, { off, len }) {
    return off === 0 ? null : head.toString("latin1", off, off + len);
}

/** A head: its fields are found by name. */
class Head {
    #head;

    constructor(head) {
        this.#head = head;
    }

    /** The value of the first field with this name; undefined if there is none. */
    header(name) {
        const wanted = bytes(name, "name");
        const at = {};
        const head = this.#head;
        const n = ws.ws_find_header(head, head.length, wanted, wanted.length, at);
        return check(n) === 1 ? head.toString("latin1", at.off, at.off + at.len) : undefined;
    }

    get length() {
        return this.#head.length;
    }
}

/** A client's opening request. */
export class Request extends Head {
    constructor(head, hs) {
        super(head.subarray(0, hs.head_len));
        this.method = head.toString("latin1", hs.method.off, hs.method.off + hs.method.len);
        this.target = text(head, hs.target);
        this.host = text(head, hs.host);
        this.origin = text(head, hs.origin);
        this.key = text(head, hs.key);
        this.httpVersion = hs.http_version;
    }
}

/** A server's response. */
export class Response extends Head {
    constructor(head, response) {
        super(head.subarray(0, response.head_len));
        this.status = response.status;
        this.reason = text(head, response.reason);
        this.protocol = text(head, response.protocol);
        this.extensions = text(head, response.extensions);
        this.httpVersion = response.http_version;
    }
}

/** Reads a request; null while it is incomplete. An ordinary one is error.request. */
export function parseRequest(head) {
    const data = bytes(head, "head");
    const hs = {};
    const n = ws.ws_parse_handshake(data, data.length, hs, sizeOf("ws_handshake"));
    if (n === WS_ERR_NOT_UPGRADE) {
        throw Object.assign(new WscodecError(n), { request: new Request(data, hs) });
    }
    return check(n) === 0 ? null : new Request(data, hs);
}

/** Checks a response to a request; null while it is incomplete. */
export function parseResponse(head, request) {
    const [data, sent] = [bytes(head, "head"), bytes(request, "request")];
    const fields = {};
    const n = ws.ws_parse_response(
        data, data.length, sent, sent.length, fields, sizeOf("ws_response"),
    );
    return check(responseError(n, data, fields)) === 0 ? null : new Response(data, fields);
}

/** Throws the error of a response whose status is not 101, with the response in it. */
export function responseError(n, data, fields) {
    if (n !== WS_ERR_HANDSHAKE_STATUS) return n;
    throw Object.assign(new WscodecError(n), { response: new Response(data, fields) });
}

/** Calls a builder with room for what it writes. */
function built(context, room, build) {
    const out = Buffer.allocUnsafe(room);
    return out.subarray(0, check(build(out, out.length), context));
}

/** Client: the opening request. */
export function buildRequest({ host, target, key, origin, protocols, extensions, headers }) {
    const spec = {
        host: span(host, "host"),
        target: span(target, "target"),
        key: span(key, "key"),
        origin: span(origin, "origin"),
        protocols: span(list(protocols, "protocols", ", "), "protocols"),
        extensions: span(extensions, "extensions"),
        headers: span(headerLines(headers, "headers"), "headers"),
    };
    return built("buildRequest", WS_MAX_HEAD, (out, room) =>
        ws.ws_build_request(spec, sizeOf("ws_request_spec"), out, room),
    );
}

/** Server: the 101 that accepts a connection. */
export function buildResponse({ key, protocol, extensions, headers }) {
    const spec = {
        key: span(key, "key"),
        protocol: span(protocol, "protocol"),
        extensions: span(extensions, "extensions"),
        headers: span(headerLines(headers, "headers"), "headers"),
    };
    return built("buildResponse", WS_MAX_HEAD, (out, room) =>
        ws.ws_build_response(spec, sizeOf("ws_response_spec"), out, room),
    );
}

/** Server: a complete response other than a 101. */
export function buildReply(status, { headers, body = "" } = {}) {
    const lines = span(headerLines(headers, "headers"), "headers");
    const data = bytes(body, "body");
    const number = integer(status, "status", 200, 599);
    return built("buildReply", WS_MAX_REPLY + lines.len + data.length, (out, room) =>
        ws.ws_build_reply(number, lines.data, lines.len, data, data.length, out, room),
    );
}

/** Collects a head that arrives in parts. */
export class HeadReader {
    #buffer = null;
    #length = 0;
    #scanned = [0];

    /**
     * Takes the next bytes. Returns all bytes so far once they contain a whole head; else null.
     * Throws a WscodecError if they cannot become one.
     */
    push(part) {
        const data = this.#append(part);
        return check(ws.ws_head_length(data, data.length, this.#scanned)) > 0 ? data : null;
    }

    #append(part) {
        if (this.#buffer === null) {
            this.#buffer = part;
        } else {
            this.#reserve(this.#length + part.length);
            part.copy(this.#buffer, this.#length);
        }
        this.#length += part.length;
        return this.#buffer.subarray(0, this.#length);
    }

    #reserve(size) {
        if (size <= this.#buffer.length && this.#length < this.#buffer.length) return;
        const larger = Buffer.allocUnsafe(2 * size);
        this.#buffer.copy(larger, 0, 0, this.#length);
        this.#buffer = larger;
    }
}
