import { bytes, integer } from "./arguments.js";
import { check } from "./errors.js";
import { sizeOf, structAt, ws } from "./native.js";
import { decodingFlags, frameOf } from "./pieces.js";

const FRAMES = 16;

/** Decodes a stream of frames, split anywhere. It owns no memory of the library. */
export class Decoder {
    #state = Buffer.alloc(sizeOf("ws_decoder"));

    /** options: maxPayload, deflate, anyMask, keepMasked, anyRsv. */
    constructor(role, options = {}) {
        const limit = integer(options.maxPayload ?? 0, "maxPayload", 0, 2 ** 53 - 1);
        check(ws.ws_decoder_init(this.#state, decodingFlags(role, options), limit));
    }

    /**
     * Yields the frames of the next bytes of the stream, or their parts, unmasked in place. Throws
     * a WscodecError after those before it.
     */
    *feed(data) {
        let rest = bytes(data, "data");
        while (rest.length > 0) {
            const frames = Buffer.alloc(FRAMES * sizeOf("ws_frame"));
            const used = [0];
            const n = ws.ws_decoder_feed(this.#state, rest, rest.length, frames, FRAMES, used);
            check(n);
            for (let i = 0; i < n; i++) yield frameOf(structAt("ws_frame", frames, i), rest);
            rest = rest.subarray(used[0]);
        }
    }

    /** Throws a WscodecError if the stream must not end here. */
    finish() {
        check(ws.ws_decoder_finish(this.#state));
    }
}
