import { EventEmitter } from "node:events";
import { integer } from "./arguments.js";
import { constants } from "./declarations.js";

const { WS_CLOSE_ABNORMAL, WS_OPCODE_BINARY, WS_OPCODE_CLOSE } = constants;
const { WS_OPCODE_PING, WS_OPCODE_PONG } = constants;
const CLOSE_TIMEOUT = 5_000;

/**
 * A connection on a stream. Events:
 *
 *   message (data: Buffer, isBinary: boolean)
 *   ping (data: Buffer), pong (data: Buffer)
 *   drain        send() had returned false, and everything was sent or the stream has closed
 *   close (code: number, reason: string, error?: Error)    once, at the end
 *
 * There is no event "error", so that no peer can end a process that has no listener for it.
 */
export class WebSocket extends EventEmitter {
    #socket;
    #connection;
    #isClient;
    #closeTimeout;
    #rest; // bytes that were read, and wait
    #kept = []; // events that wait
    #paused = false;
    #receiving = false;
    #flushing = false;
    #full = false; // send() has returned false
    #ending = false;
    #gone = false; // the stream has closed, and "close" is due
    #timer = null;
    #error;
    #closed = { code: WS_CLOSE_ABNORMAL, reason: "" };

    /** For createServer(), acceptUpgrade() and connect(). `rest` was read after the head. */
    constructor(socket, connection, { isClient = false, rest, closeTimeout = CLOSE_TIMEOUT }) {
        super();
        this.#socket = socket;
        this.#connection = connection;
        this.#isClient = isClient;
        this.#closeTimeout = integer(closeTimeout, "closeTimeout", 1, 2 ** 31 - 1);
        this.#rest = rest;
        socket.setNoDelay?.(true);
        socket.pause();
        socket.on("data", (chunk) => this.#take(chunk));
        socket.on("end", () => this.#finish());
        socket.on("drain", () => this.#drained());
        socket.on("error", (error) => (this.#error ??= error));
        socket.on("close", () => this.#leave());
        // Later, so that the owner can add listeners first.
        setImmediate(() => this.#continue());
    }

    /** The subprotocol, or null. */
    get protocol() {
        return this.#connection.protocol;
    }

    /** "open", "closing", "closed" or "failed". */
    get state() {
        return this.#connection.state;
    }

    /** The stream below: for its addresses. Neither read nor write it. */
    get socket() {
        return this.#socket;
    }

    /** How many bytes wait to be sent. */
    get bufferedAmount() {
        return this.#connection.outputLength + this.#socket.writableLength;
    }

    /**
     * Sends a message. Returns false if too much waits to be sent: then wait for "drain". Like that
     * of browsers it does nothing once the connection is closing.
     */
    send(data, options) {
        return this.#write(() => this.#connection.send(data, options));
    }

    ping(data) {
        return this.#write(() => this.#connection.ping(data));
    }

    pong(data) {
        return this.#write(() => this.#connection.pong(data));
    }

    /** Starts the closing handshake. The event "close" tells its end. */
    close(code, reason) {
        this.#write(() => this.#connection.close(code, reason));
        if (!this.#ending) this.#startTimer();
    }

    /** Closes the stream at once, without a closing handshake. Nothing but "close" follows. */
    terminate() {
        this.#ending = true;
        this.#kept = [];
        this.#rest = undefined;
        this.#socket.destroy();
        if (this.#gone) process.nextTick(() => this.#reportEnd());
    }

    /**
     * Stops reading and the events. What was read already waits for resume(), and so does "close"
     * behind it. Does nothing once the connection has ended: a send() that returns false for good
     * must not hold up the last events.
     */
    pause() {
        if (this.#ending || this.#socket.destroyed) return;
        this.#paused = true;
        this.#socket.pause();
    }

    resume() {
        if (!this.#paused) return;
        this.#paused = false;
        process.nextTick(() => this.#continue());
    }

    /** Reports what has waited, then reads on. */
    #continue() {
        this.#deliver();
        if (this.#paused) return;
        const rest = this.#rest;
        this.#rest = undefined;
        if (rest?.length > 0) this.#take(rest);
        if (this.#gone) this.#reportEnd();
        else if (!this.#paused) this.#socket.resume();
    }

    #deliver() {
        try {
            while (!this.#paused && this.#kept.length > 0) this.#emit(this.#kept.shift());
        } catch (error) {
            this.terminate(); // as in #take()
            throw error;
        }
    }

    #write(write) {
        if (this.#socket.destroyed || this.#ending) return false;
        try {
            write();
        } catch (error) {
            if (error.code !== "WS_ERR_INVALID_STATE" || this.state === "open") throw error;
            this.#full = true; // so that "drain" follows at the end
            return false;
        }
        // What is sent in one turn of the event loop leaves together.
        if (!this.#receiving && !this.#flushing) {
            this.#flushing = true;
            process.nextTick(() => this.#flush());
        }
        if (this.bufferedAmount < this.#socket.writableHighWaterMark) return true;
        this.#full = true;
        return false;
    }

    #flush() {
        this.#flushing = false;
        if (this.#connection.outputLength === 0) return;
        const parts = this.#connection.takeOutput();
        if (this.#socket.destroyed) return;
        if (parts.length > 1) this.#socket.cork();
        for (const part of parts) this.#socket.write(part);
        if (parts.length > 1) this.#socket.uncork();
        if (this.#full && !this.#socket.writableNeedDrain) process.nextTick(() => this.#drained());
    }

    #drained() {
        if (!this.#full) return;
        this.#full = false;
        this.emit("drain");
    }

    #take(chunk) {
        if (this.#ending) return; // read and discarded (RFC 6455, 7.1.1)
        this.#receiving = true;
        try {
            const rest = this.#connection.receive(chunk, (event) => this.#accept(event));
            if (!this.#ending) this.#rest = rest;
        } catch (error) {
            if (error !== this.#connection.error) {
                // A listener threw it. Some events are lost, so the connection cannot go on.
                this.terminate();
                throw error;
            }
            this.#error = error;
        } finally {
            this.#receiving = false;
        }
        this.#flush();
        if (this.#connection.ended) this.#end();
        else if (this.#rest?.length > 0) this.#keep();
    }

    /** Keeps what was not processed until resume(). */
    #keep() {
        this.#socket.pause();
        if (!this.#paused) process.nextTick(() => this.#continue());
    }

    /** Reports an event, now or after resume(). Returns false to be called no more. */
    #accept(event) {
        if (this.#ending) return false;
        if (event.opcode === WS_OPCODE_CLOSE) {
            this.#closed = { code: event.closeCode, reason: event.data.toString() };
        } else if (this.#paused) {
            this.#kept.push(event);
        } else {
            this.#emit(event);
        }
        return !this.#paused && !this.#socket.destroyed;
    }

    #emit(event) {
        switch (event.opcode) {
            case WS_OPCODE_PING:
                this.emit("ping", event.data);
                break;
            case WS_OPCODE_PONG:
                this.emit("pong", event.data);
                break;
            default:
                this.emit("message", event.data, event.opcode === WS_OPCODE_BINARY, event);
        }
    }

    /** The peer's stream has ended. */
    #finish() {
        if (!this.#ending) {
            try {
                this.#connection.finish();
            } catch (error) {
                this.#error ??= error;
            }
            this.#flush();
        }
        this.#ending = true;
        this.#startTimer();
        this.#socket.end();
    }

    /** Shuts down sending, and reads until the peer closes: closing at once can destroy data. */
    #end() {
        this.#ending = true;
        this.#rest = undefined;
        this.#startTimer();
        // A client gives the server the time to close first.
        if (!this.#isClient || this.#connection.error) this.#socket.end();
        this.#socket.resume();
    }

    #startTimer() {
        if (this.#gone) return;
        this.#timer ??= setTimeout(() => this.#socket.destroy(), this.#closeTimeout);
    }

    /** The stream has closed. */
    #leave() {
        clearTimeout(this.#timer);
        this.#gone = true;
        this.#drained(); // nothing waits any longer, and a paused program may wait for this
        this.#reportEnd();
    }

    /** Reports the end, unless something is to be reported before. */
    #reportEnd() {
        if (!this.#gone || this.#kept.length > 0 || this.#rest?.length > 0) return;
        this.#gone = false;
        this.#ending = true;
        this.#connection.free();
        this.emit("close", this.#closed.code, this.#closed.reason, this.#error);
    }
}
