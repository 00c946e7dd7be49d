// A connection without a socket: bytes go in, events and bytes to send come out.

import { bytes, headerLines, integer, list, onlyKnown, span } from "./arguments.js";
import { constants } from "./declarations.js";
import { agreedOf, paramsOf } from "./deflate.js";
import { check, WscodecError } from "./errors.js";
import { Request, Response, responseError } from "./heads.js";
import { addressOf, sendTo, sizeOf, ws } from "./native.js";
import { Output } from "./output.js";
import { sideOf } from "./pieces.js";

const {
    WS_ACCEPT_NEED_PROTOCOL, WS_CLOSE_NORMAL, WS_ERR_BUFFER_TOO_SMALL, WS_EVENT_COLLECTED,
    WS_EVENT_FIRST, WS_EVENT_LAST, WS_INFO_CLOSE_SENT, WS_INFO_CLOSE_RECEIVED, WS_MAX_HEADER,
    WS_MAX_OUTPUT, WS_MAX_REPLY, WS_OPCODE_BINARY, WS_OPCODE_CLOSE, WS_OPCODE_PING,
    WS_OPCODE_PONG, WS_OPCODE_TEXT, WS_SEND_MORE, WS_SEND_PLAIN, WS_STATE_CLOSED,
} = constants;

const OPTIONS = {
    maxMessage: constants.WS_OPT_MAX_MESSAGE,
    stream: constants.WS_OPT_STREAM,
    autoPong: constants.WS_OPT_AUTO_PONG,
    checkUtf8: constants.WS_OPT_CHECK_UTF8,
    keepBuffer: constants.WS_OPT_KEEP_BUFFER,
    maxFrame: constants.WS_OPT_MAX_FRAME,
    anyMask: constants.WS_OPT_ANY_MASK,
    autoClose: constants.WS_OPT_AUTO_CLOSE,
    allowRsv: constants.WS_OPT_ALLOW_RSV,
    compressFrom: constants.WS_OPT_COMPRESS_FROM,
};
const KNOWN = new Set([...Object.keys(OPTIONS), "deflate"]);
const KNOWN_TO_ACCEPT = new Set([...KNOWN, "protocols", "needProtocol", "origins", "headers"]);
const KNOWN_TO_SEND = new Set(["binary", "more", "compress", "rsv"]);
const RSV = constants.WS_RSV1 | constants.WS_RSV2 | constants.WS_RSV3;

/** Frees the connections that were dropped without free(). */
const dropped = new FinalizationRegistry((handle) => ws.ws_conn_free(handle));

// What ws_conn_recv() fills. A listener may make another connection receive, so each call in
// progress has its own.
const EVENTS = 64;
const EVENT_WORDS = sizeOf("ws_event") / 4;
const spare = [];

class Scratch {
    constructor() {
        this.words = new Uint32Array(EVENTS * EVENT_WORDS + 2);
        this.events = addressOf(this.words);
        this.consumed = this.events + BigInt(4 * EVENTS * EVENT_WORDS);
    }

    /** A number of 64 bits. */
    wide(at) {
        return this.words[at] + this.words[at + 1] * 2 ** 32;
    }

    get used() {
        return this.wide(EVENTS * EVENT_WORDS);
    }
}

// Strings are encoded here before they are sent.
const TEXT = Buffer.allocUnsafeSlow(64 * 1024);
const TEXT_ADDRESS = addressOf(TEXT);

const STATES = ["open", "closing", "closed", "failed"];
const NOTHING = Buffer.alloc(0);
const NO_MASK = Buffer.alloc(4);

/** Copies bytes out of the library's memory. A mask of zeros changes nothing. */
function copied(address, length) {
    const data = Buffer.allocUnsafe(length);
    ws.ws_mask_copy(data, address, length, NO_MASK, 0);
    return data;
}

/** What arrived: a message, a part of one (with the option stream), or a control frame. */
export class Event {
    constructor(opcode, data, flags, closeCode) {
        this.opcode = opcode;
        /** The payload; of a close, the reason. */
        this.data = data;
        this.flags = flags;
        /** Of a close, else 0. */
        this.closeCode = closeCode;
    }

    get first() {
        return (this.flags & WS_EVENT_FIRST) !== 0;
    }

    get last() {
        return (this.flags & WS_EVENT_LAST) !== 0;
    }

    /** The reserved bits: WS_RSV1, WS_RSV2, WS_RSV3. */
    get rsv() {
        return this.flags & RSV;
    }
}

/** A connection that the library has created. */
class Handle {
    constructor(address) {
        this.address = address;
    }
}

export class Connection {
    /** The error that ended the connection; null while there is none. */
    error = null;
    /** The subprotocol that was selected, or null. */
    protocol = null;
    #handle = null;
    #output = new Output();
    #receiving = false;

    /** role: "server" or "client". options: see index.d.ts. */
    constructor(role, options = {}) {
        if (role instanceof Handle) {
            this.#own(role.address);
        } else {
            onlyKnown(options, KNOWN, "options");
            const params = paramsOf(options.deflate);
            this.#own(ws.ws_conn_new(sideOf(role), null));
            if (params) check(ws.ws_conn_set_pmd(this.#handle, params), "deflate");
        }
        this.#configure(options);
    }

    /**
     * Server: does everything after the arrival of a request. Returns null while the head is
     * incomplete; else what to send (`reply`), and the connection or the error.
     */
    static accept(head, options = {}) {
        onlyKnown(options, KNOWN_TO_ACCEPT, "options");
        const data = bytes(head, "head");
        const spec = acceptSpec(options);
        const accepted = {};
        const out = Buffer.allocUnsafe(WS_MAX_REPLY + spec.headers.len + spec.protocols.len);
        const n = ws.ws_conn_accept(
            data, data.length, spec, sizeOf("ws_accept_spec"),
            accepted, sizeOf("ws_accepted"), out, out.length,
        );
        if (check(n, "accept") === 0) return null;
        const reply = out.subarray(0, n);
        if (accepted.error < 0) {
            return { connection: null, error: new WscodecError(accepted.error), reply };
        }
        const connection = new Connection(new Handle(accepted.conn), options);
        const { off, len } = accepted.protocol;
        if (len > 0) connection.protocol = spec.protocols.data.toString("latin1", off, off + len);
        return { connection, error: null, reply, headLength: accepted.head_len };
    }

    /**
     * Client: does everything after the arrival of the response to `request`, which offered
     * options.deflate. Returns null while the head is incomplete.
     */
    static confirm(head, request, options = {}) {
        onlyKnown(options, KNOWN, "options");
        const [data, sent] = [bytes(head, "head"), bytes(request, "request")];
        const [conn, fields] = [[null], {}];
        const n = ws.ws_conn_confirm(
            data, data.length, sent, sent.length, paramsOf(options.deflate), null,
            conn, fields, sizeOf("ws_response"),
        );
        if (check(responseError(n, data, fields), "confirm") === 0) return null;
        const connection = new Connection(new Handle(conn[0]), options);
        const response = new Response(data, fields);
        connection.protocol = response.protocol;
        return { connection, response, headLength: n };
    }

    #own(handle) {
        if (handle === null) throw new WscodecError(constants.WS_ERR_NO_MEMORY);
        this.#handle = handle;
        dropped.register(this, handle, this);
    }

    #configure(options) {
        for (const [name, value] of Object.entries(options)) {
            if (OPTIONS[name] !== undefined && value !== undefined) this.setOption(name, value);
        }
    }

    #live() {
        if (this.#handle === null) throw new Error("the connection was freed");
        return this.#handle;
    }

    /** Sets an option, such as maxMessage. */
    setOption(name, value) {
        if (!Object.hasOwn(OPTIONS, name)) throw new TypeError(`there is no option ${name}`);
        const number = integer(Number(value), name, 0, Number.MAX_SAFE_INTEGER);
        check(ws.ws_conn_set(this.#live(), OPTIONS[name], number), name);
    }

    /** Reads an option. */
    getOption(name) {
        if (!Object.hasOwn(OPTIONS, name)) throw new TypeError(`there is no option ${name}`);
        return this.#get(OPTIONS[name]);
    }

    #get(number) {
        const value = [0];
        check(ws.ws_conn_get(this.#live(), number, value));
        return value[0];
    }

    /** "open", "closing", "closed" or "failed". */
    get state() {
        return STATES[ws.ws_conn_state(this.#handle)];
    }

    /** Whether nothing more will be received: the state is "closed" or "failed". */
    get ended() {
        return ws.ws_conn_state(this.#handle) >= WS_STATE_CLOSED;
    }

    /** The code of the close frame that was sent; 0 if there is none. */
    get closeSent() {
        return this.#get(WS_INFO_CLOSE_SENT);
    }

    /** The code of the peer's close frame; 0 if there is none. */
    get closeReceived() {
        return this.#get(WS_INFO_CLOSE_RECEIVED);
    }

    /** The parameters of compression that were agreed; null without. */
    get deflate() {
        const params = {};
        return check(ws.ws_conn_get_pmd(this.#live(), params)) === 1 ? agreedOf(params) : null;
    }

    /**
     * Processes bytes from the network, which it unmasks in place, and calls `onEvent` with each
     * Event. The data of an event is a part of `data`, or a copy if it was collected. If onEvent
     * returns false, no more than the events at hand are reported. Returns the bytes that were not
     * processed, to be passed again.
     *
     * Throws a WscodecError, also found in `error`, after the events before it. In any case, send
     * takeOutput() then.
     */
    receive(data, onEvent) {
        if (this.#receiving) throw new Error("receive() was called by a listener of its events");
        this.#receiving = true;
        const scratch = spare.pop() ?? new Scratch();
        try {
            let rest = bytes(data, "data");
            let more = true;
            while (more && rest.length > 0) {
                const n = ws.ws_conn_recv(
                    this.#live(), rest, rest.length, scratch.events, EVENTS, scratch.consumed,
                );
                if (n < 0) this.#fail(n);
                const used = scratch.used;
                more = this.#report(rest, n, scratch, onEvent);
                rest = used === rest.length ? NOTHING : rest.subarray(used);
            }
            return rest;
        } finally {
            spare.push(scratch);
            this.#receiving = false;
        }
    }

    /** Returns false if onEvent did, or if it freed the connection. */
    #report(data, n, scratch, onEvent) {
        let more = true;
        let control = false;
        for (let i = 0; i < n && this.#handle !== null; i++) {
            const event = this.#eventAt(i, data, scratch);
            if (event.opcode >= WS_OPCODE_CLOSE) control = true;
            if (onEvent(event) === false) more = false;
        }
        // Nothing else makes the library reply.
        if (control && this.#handle !== null) this.#collect();
        return more && this.#handle !== null;
    }

    #eventAt(i, data, scratch) {
        const at = i * EVENT_WORDS;
        const opcode = scratch.words[at + 4] & 0xffff;
        const flags = scratch.words[at + 4] >>> 16;
        const off = scratch.wide(at);
        const len = scratch.wide(at + 2);
        let payload;
        if (flags & WS_EVENT_COLLECTED) {
            const event = scratch.events + BigInt(4 * at);
            payload = copied(ws.ws_event_data(this.#handle, null, event), len);
        } else {
            payload = data.subarray(off, off + len);
        }
        return new Event(opcode, payload, flags, scratch.words[at + 5] & 0xffff);
    }

    #fail(result) {
        this.error = new WscodecError(result);
        this.#collect();
        throw this.error;
    }

    #collect() {
        const handle = this.#handle;
        const write = (address, room) => ws.ws_conn_output(handle, address, room);
        check(this.#output.append(WS_MAX_OUTPUT, write));
    }

    /**
     * Sends a message, or a fragment of one. A string is text, anything else binary, unless
     * options.binary says otherwise. options: binary, more, compress, rsv.
     */
    send(data, options = {}) {
        onlyKnown(options, KNOWN_TO_SEND, "options");
        const binary = options.binary ?? typeof data !== "string";
        let flags = options.rsv ?? 0;
        if (options.more) flags |= WS_SEND_MORE;
        if (options.compress === false) flags |= WS_SEND_PLAIN;
        this.#send(binary ? WS_OPCODE_BINARY : WS_OPCODE_TEXT, data, flags);
    }

    ping(data = "") {
        this.#send(WS_OPCODE_PING, data, 0);
    }

    pong(data = "") {
        this.#send(WS_OPCODE_PONG, data, 0);
    }

    #send(opcode, data, flags) {
        const handle = this.#live();
        let payload = TEXT_ADDRESS;
        let length;
        if (typeof data === "string" && data.length * 3 <= TEXT.length) {
            length = TEXT.write(data);
        } else {
            payload = bytes(data, "data");
            length = payload.length;
        }
        const write = (address, room) =>
            sendTo(handle, opcode, flags, payload, length, address, room);
        let n = this.#output.append(length + WS_MAX_HEADER, write);
        if (n === WS_ERR_BUFFER_TOO_SMALL) {
            n = this.#output.append(ws.ws_conn_send_bound(handle, length), write);
        }
        check(n, "send");
    }

    /** Starts the closing handshake. Does nothing if a close was sent before. */
    close(code = WS_CLOSE_NORMAL, reason = "") {
        const handle = this.#live();
        const number = integer(code, "code", 0, 65535);
        const text = bytes(reason, "reason");
        const write = (address, room) =>
            ws.ws_conn_close(handle, number, text, text.length, address, room);
        check(this.#output.append(WS_MAX_OUTPUT, write), "close");
    }

    /** The peer's stream has ended. Throws a WscodecError if it must not. */
    finish() {
        const n = ws.ws_conn_finish(this.#live());
        if (n >= 0) return;
        this.error ??= new WscodecError(n);
        throw this.error;
    }

    /** How many bytes takeOutput() would return. */
    get outputLength() {
        return this.#output.length;
    }

    /** Takes the bytes to send: Buffers, in order, which are not written to again. */
    takeOutput() {
        return this.#output.take();
    }

    /** Frees the library's memory. The garbage collector would, but later. */
    free() {
        if (this.#handle === null) return;
        dropped.unregister(this);
        ws.ws_conn_free(this.#handle);
        this.#handle = null;
    }
}

function acceptSpec(options) {
    return {
        protocols: span(list(options.protocols, "protocols", ", "), "protocols"),
        headers: span(headerLines(options.headers, "headers"), "headers"),
        pmd: paramsOf(options.deflate),
        allocator: null,
        origins: span(list(options.origins, "origins", " "), "origins"),
        flags: options.needProtocol ? WS_ACCEPT_NEED_PROTOCOL : 0,
        reserved: 0,
    };
}
