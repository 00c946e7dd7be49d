import { EventEmitter } from "node:events";
import type { IncomingMessage, Server as HttpServer } from "node:http";
import type { Server as HttpsServer } from "node:https";
import type { Server as NetServer } from "node:net";
import type { Duplex } from "node:stream";
import type { ConnectionOptions as TlsOptions, Server as TlsServer } from "node:tls";

/** Bytes, or a string, whose UTF-8 is meant. */
export type Data = string | ArrayBuffer | ArrayBufferView;
export type Role = "server" | "client";
export type Headers = Record<string, string | string[]>;

// Servers and clients

/** Parameters of permessage-deflate (RFC 7692, 7.1). */
export interface DeflateOptions {
    serverNoContextTakeover?: boolean;
    clientNoContextTakeover?: boolean;
    /** 8 to 15; default 15. */
    serverMaxWindowBits?: number;
    /** 8 to 15; default 15. */
    clientMaxWindowBits?: number;
    /** 1 to 9; default 6. */
    level?: number;
    /** 1 to 9; default 8. */
    memLevel?: number;
}

export interface AgreedDeflate {
    serverNoContextTakeover: boolean;
    clientNoContextTakeover: boolean;
    serverMaxWindowBits: number;
    clientMaxWindowBits: number;
}

/** Options of wscodec.h (WS_OPT_*), which describes them. */
export interface ConnectionOptions {
    /** Most bytes of an incoming message; 0: no limit; default 1 MiB. */
    maxMessage?: number;
    /** Most bytes of an incoming frame; 0 (default): no limit. */
    maxFrame?: number;
    /** Report messages in parts as they arrive. */
    stream?: boolean;
    /** Default true. */
    autoPong?: boolean;
    /** Default true. */
    autoClose?: boolean;
    /** Default true. */
    checkUtf8?: boolean;
    anyMask?: boolean;
    /** Bytes of memory to keep between messages; default 0. */
    keepBuffer?: number;
    /** The reserved bits that may be set, for an extension of your own. */
    allowRsv?: number;
    /** Shorter messages are sent uncompressed; default 0. */
    compressFrom?: number;
    /** Compression; `true` for the defaults. Default: none. */
    deflate?: boolean | DeflateOptions | null;
}

export type OptionName = Exclude<keyof ConnectionOptions, "deflate">;

export interface AcceptOptions extends ConnectionOptions {
    /** Subprotocols, the most preferred first. */
    protocols?: string[];
    /** Refuse clients that offer none of `protocols`. */
    needProtocol?: boolean;
    /** The origins that are allowed, such as "https://a.example"; default: all. */
    origins?: string[];
    /** Additional header fields of the 101. */
    headers?: Headers;
}

export interface SocketOptions {
    /** Milliseconds that the peer may take to close; default 5000. */
    closeTimeout?: number;
}

export type Refusal = number | null | undefined | void;

export interface ServerOptions<R = Request> extends AcceptOptions, SocketOptions {
    /** Milliseconds until the request must be complete and `refuse` settled; default 10000. */
    handshakeTimeout?: number;
    /**
     * Returns the HTTP status to refuse a request with (200 to 599), or nothing; or a promise of
     * it. If it throws or rejects, or the status is invalid, the client gets a 500, and the process
     * a warning.
     */
    refuse?: (request: R) => Refusal | Promise<Refusal>;
}

export interface ClientOptions extends ConnectionOptions, SocketOptions {
    protocols?: string[];
    origin?: string;
    headers?: Headers;
    /** Milliseconds until the response must be complete; default 10000. */
    handshakeTimeout?: number;
    signal?: AbortSignal;
    /** For wss: as for tls.connect(). */
    tls?: TlsOptions;
}

export interface SendOptions {
    /** Default: false for a string, else true. Text that is not a string is not checked. */
    binary?: boolean;
    /** More fragments of this message follow. */
    more?: boolean;
    /** false: do not compress this message. */
    compress?: boolean;
    /** The bits of allowRsv to set. */
    rsv?: number;
}

export interface WebSocketEvents {
    message: [data: Buffer, isBinary: boolean, event: Event];
    ping: [data: Buffer];
    pong: [data: Buffer];
    /** send() had returned false, and everything was sent or the stream has closed. */
    drain: [];
    close: [code: number, reason: string, error?: Error];
}

/**
 * A connection on a stream. `data` of an event is a part of what was read, or a copy; it is yours.
 * There is no event "error": what ended a connection is an argument of "close".
 */
export class WebSocket extends EventEmitter {
    private constructor();
    readonly protocol: string | null;
    readonly state: State;
    /** The stream below: for its addresses. Neither read nor write it. */
    readonly socket: Duplex;
    readonly bufferedAmount: number;
    /** Returns false if too much waits to be sent: then wait for "drain". */
    send(data: Data, options?: SendOptions): boolean;
    ping(data?: Data): boolean;
    pong(data?: Data): boolean;
    close(code?: number, reason?: string): void;
    /** Closes at once. Nothing but "close" follows. */
    terminate(): void;
    /**
     * Stops reading and the events. What was read already waits for resume(), and so does "close"
     * behind it. Does nothing once the connection has ended.
     */
    pause(): void;
    resume(): void;
    on<E extends keyof WebSocketEvents>(
        event: E,
        listener: (...args: WebSocketEvents[E]) => void,
    ): this;
    once<E extends keyof WebSocketEvents>(
        event: E,
        listener: (...args: WebSocketEvents[E]) => void,
    ): this;
}

export function createServer(listener: (socket: WebSocket, request: Request) => void): NetServer;
export function createServer(
    options: ServerOptions,
    listener: (socket: WebSocket, request: Request) => void,
): NetServer;

/** Accepts WebSockets on a server of node:http or node:https. */
export function attach(
    server: HttpServer | HttpsServer,
    options: ServerOptions<IncomingMessage>,
    listener: (socket: WebSocket, request: IncomingMessage) => void,
): void;
/** Accepts WebSockets on a server of node:net or node:tls with allowHalfOpen. */
export function attach(
    server: NetServer | TlsServer,
    options: ServerOptions,
    listener: (socket: WebSocket, request: Request) => void,
): void;

/** Accepts a request of the event "upgrade"; null if it was refused, or the client has left. */
export function acceptUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    options?: ServerOptions<IncomingMessage>,
): Promise<WebSocket | null>;

export function connect(url: string | URL, options?: ClientOptions): Promise<WebSocket>;

// Connections without a socket

export type State = "open" | "closing" | "closed" | "failed";

export class Event {
    readonly opcode: number;
    readonly data: Buffer;
    readonly flags: number;
    readonly closeCode: number;
    readonly first: boolean;
    readonly last: boolean;
    readonly rsv: number;
}

export type Accepted =
    | { connection: Connection; error: null; reply: Buffer; headLength: number }
    | { connection: null; error: WscodecError; reply: Buffer };

export interface Confirmed {
    connection: Connection;
    response: Response;
    headLength: number;
}

export class Connection {
    constructor(role: Role, options?: ConnectionOptions);
    static accept(head: Data, options?: AcceptOptions): Accepted | null;
    static confirm(head: Data, request: Data, options?: ConnectionOptions): Confirmed | null;
    readonly error: WscodecError | null;
    protocol: string | null;
    readonly state: State;
    readonly ended: boolean;
    readonly closeSent: number;
    readonly closeReceived: number;
    readonly deflate: AgreedDeflate | null;
    setOption(name: OptionName, value: number | boolean): void;
    getOption(name: OptionName): number;
    /** Unmasks `data` in place. Returns the bytes that were not processed. */
    receive(data: Uint8Array, onEvent: (event: Event) => boolean | void): Buffer;
    send(data: Data, options?: SendOptions): void;
    ping(data?: Data): void;
    pong(data?: Data): void;
    close(code?: number, reason?: Data): void;
    finish(): void;
    readonly outputLength: number;
    takeOutput(): Buffer[];
    free(): void;
}

// Heads

declare class Head {
    protected constructor();
    readonly length: number;
    readonly httpVersion: number;
    header(name: string): string | undefined;
}

export class Request extends Head {
    readonly method: string;
    readonly target: string;
    readonly host: string | null;
    readonly origin: string | null;
    readonly key: string | null;
}

export class Response extends Head {
    readonly status: number;
    readonly reason: string | null;
    readonly protocol: string | null;
    readonly extensions: string | null;
}

export interface RequestSpec {
    host: string;
    target: string;
    key: string;
    origin?: string;
    protocols?: string[];
    extensions?: string;
    headers?: Headers;
}

export interface ResponseSpec {
    key: string;
    protocol?: string | null;
    extensions?: string;
    headers?: Headers;
}

export class HeadReader {
    push(part: Buffer): Buffer | null;
}

export function parseRequest(head: Data): Request | null;
export function parseResponse(head: Data, request: Data): Response | null;
export function buildRequest(spec: RequestSpec): Buffer;
export function buildResponse(spec: ResponseSpec): Buffer;
export function buildReply(status: number, options?: { headers?: Headers; body?: Data }): Buffer;
export function acceptKey(key: Data): string;
export function makeKey(): string;

// Frames, text and close payloads

export interface DecodingOptions {
    deflate?: boolean;
    anyMask?: boolean;
    keepMasked?: boolean;
    anyRsv?: boolean;
}

export interface EncodingOptions {
    /** Default true. */
    fin?: boolean;
    rsv1?: boolean;
    rsv2?: boolean;
    rsv3?: boolean;
    /** 4 unpredictable bytes, from a client; default: none. */
    maskKey?: Data | null;
}

/** A frame, or a part of one: `begin` and `end` tell which. */
export interface Frame {
    opcode: number;
    messageOpcode: number;
    fin: boolean;
    rsv1: boolean;
    rsv2: boolean;
    rsv3: boolean;
    maskKey: Buffer | null;
    headerLength: number;
    payloadLength: bigint;
    begin: boolean;
    end: boolean;
    payload: Buffer;
}

export class Decoder {
    constructor(role: Role, options?: DecodingOptions & { maxPayload?: number });
    feed(data: Uint8Array): Generator<Frame, void, void>;
    finish(): void;
}

export function decodeFrame(
    buffer: Uint8Array,
    role: Role,
    options?: DecodingOptions,
): Frame | null;
export function encodeFrame(opcode: number, payload: Data, options?: EncodingOptions): Buffer;
export function encodeHeader(
    opcode: number,
    payloadLength: number | bigint,
    options?: EncodingOptions,
): Buffer;

export class Utf8Validator {
    push(part: Data): void;
    readonly complete: boolean;
}

export function parseClose(payload: Data): { code: number; reason: string };
export function buildClose(code: number, reason?: Data): Buffer;

// permessage-deflate

export function acceptDeflate(
    offers: Data | Data[],
    willing?: true | DeflateOptions,
): { response: string; agreed: AgreedDeflate } | null;
export function offerDeflate(deflate?: true | DeflateOptions): string;
export function confirmDeflate(
    responses: Data | Data[],
    offered?: true | DeflateOptions,
): AgreedDeflate | null;

// Errors and constants

/** An error that the library returned. Wrong arguments are a TypeError or a RangeError. */
export class WscodecError extends Error {
    /** The name of the constant in wscodec.h, such as "WS_ERR_UTF8". */
    readonly code: string;
    readonly result: number;
    readonly closeCode: number;
    readonly httpStatus: number;
    /** Of WS_ERR_NOT_UPGRADE, from parseRequest(). */
    readonly request?: Request;
    /** Of WS_ERR_HANDSHAKE_STATUS, from parseResponse(), Connection.confirm() and connect(). */
    readonly response?: Response;
}

/** The constants of wscodec.h. */
export const constants: Readonly<Record<`WS_${string}`, number>>;

/** The version of the loaded library, such as "0.1.0". */
export const version: string;
