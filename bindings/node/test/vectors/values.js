// The values of vectors. See tests/vectors/README.md.

import assert from "node:assert/strict";

/** The bytes that a value stands for. */
export function data(value, parts) {
    if (typeof value === "string") return Buffer.from(value);
    if (Array.isArray(value)) return Buffer.concat(value.map((part) => data(part, parts)));
    if ("hex" in value) return Buffer.from(value.hex.replaceAll(" ", ""), "hex");
    if ("repeat" in value) {
        const once = data(value.repeat, parts);
        return Buffer.alloc(once.length * value.times, once);
    }
    return data(parts[value.part], parts);
}

/** A copy: decoding unmasks in place. */
export function copy(buffer, start = 0, end = buffer.length) {
    return Buffer.from(buffer.subarray(start, end));
}

/** Asserts that a call has the vector's result, or its error. */
export function expect({ error }, call) {
    if (error === undefined) return call();
    assert.throws(call, { name: "WscodecError", code: error });
    return undefined;
}

/** Lengths of prefixes: all; of a long input those at the start, at `at`, and at the end. */
export function prefixes(length, at) {
    const sizes = Array.from({ length: length + 1 }, (_, size) => size);
    return sizes.filter((size) => size < 400 || Math.abs(size - at) < 4 || size === length);
}

/** Lists of pieces: whole, cut in two at each place, and byte by byte. */
export function* cuts(input) {
    yield [copy(input)];
    const all = Array.from({ length: Math.max(input.length - 1, 0) }, (_, i) => i + 1);
    const near = [1, 3, 14, 15, input.length >> 1, input.length - 1];
    for (const at of input.length <= 500 ? all : near) yield [copy(input, 0, at), copy(input, at)];
    const single = all.filter((at) => input.length <= 500 || at < 40);
    yield [0, ...single].map((at, i) => copy(input, at, single[i] ?? input.length));
}

/** `server_max_window_bits` as `serverMaxWindowBits`, for each member. */
export function camelCase(members = {}) {
    const renamed = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
    return Object.fromEntries(Object.entries(members).map(([k, v]) => [renamed(k), v]));
}
