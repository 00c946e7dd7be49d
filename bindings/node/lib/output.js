// Where connections write their frames.

import { addressOf } from "./native.js";

const SLAB = 64 * 1024;

// A slab is shared by the connections of a thread, and never written twice: what was written stays
// valid while a socket sends it.
let slab;
let address;
let used = SLAB;

function renew() {
    slab = Buffer.allocUnsafeSlow(SLAB);
    address = Number(addressOf(slab));
    used = 0;
}

/** The bytes that one connection has to send, in order. */
export class Output {
    /** How many bytes wait. */
    length = 0;
    #parts = [];
    #slab = null;
    #start = 0;
    #end = 0;

    /** Appends what `write(address, room)` writes. Returns its result. */
    append(room, write) {
        if (room > SLAB / 4) return this.#appendAlone(room, write);
        if (room > SLAB - used) renew();
        const n = write(address + used, SLAB - used);
        if (n <= 0) return n;
        if (this.#slab !== slab || this.#end !== used) {
            this.#finishPart();
            this.#slab = slab;
            this.#start = used;
        }
        used += n;
        this.#end = used;
        this.length += n;
        return n;
    }

    #appendAlone(room, write) {
        const buffer = Buffer.allocUnsafeSlow(room);
        const n = write(Number(addressOf(buffer)), room);
        if (n <= 0) return n;
        this.#finishPart();
        this.#parts.push(buffer.subarray(0, n));
        this.length += n;
        return n;
    }

    #finishPart() {
        if (this.#slab !== null) this.#parts.push(this.#slab.subarray(this.#start, this.#end));
        this.#slab = null;
    }

    /** Takes everything, as Buffers in order. */
    take() {
        this.#finishPart();
        const parts = this.#parts;
        this.#parts = [];
        this.length = 0;
        return parts;
    }
}
