// What callers pass in, checked and converted.

/** Bytes as a Buffer, without a copy unless they are a string. */
export function bytes(value, name) {
    if (Buffer.isBuffer(value)) return value;
    if (typeof value === "string") return Buffer.from(value);
    if (ArrayBuffer.isView(value)) {
        return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
    if (value instanceof ArrayBuffer) return Buffer.from(value);
    throw new TypeError(`${name} must be a string, a Buffer, an ArrayBuffer or a view of one`);
}

// An empty Buffer may have no address, which would mean that the value is absent.
const EMPTY = Buffer.alloc(1);

/** A ws_bytes. undefined and null are absent. Strings are those of node:http: latin1. */
export function span(value, name) {
    if (value === undefined || value === null) return { data: null, len: 0 };
    const data = typeof value === "string" ? Buffer.from(value, "latin1") : bytes(value, name);
    return { data: data.length > 0 ? data : EMPTY, len: data.length };
}

export function integer(value, name, min, max) {
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new RangeError(`${name} must be an integer from ${min} to ${max}`);
}

/** The elements of a list of strings, such as the names of subprotocols. */
export function list(value, name, separator) {
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((item) => typeof item === "string")) {
        return value.join(separator);
    }
    throw new TypeError(`${name} must be an array of strings`);
}

/** Complete header lines, from an object whose values are strings or arrays of them. */
export function headerLines(fields, name) {
    if (fields === undefined) return undefined;
    if (typeof fields !== "object" || fields === null) {
        throw new TypeError(`${name} must be an object`);
    }
    return Object.entries(fields)
        .flatMap(([field, values]) => [values].flat().map((value) => line(field, value, name)))
        .join("");
}

// The library checks whole lines, so it cannot see that one has become two.
function line(field, value, name) {
    const text = `${field}: ${value}`;
    if (/[\r\n]/.test(text)) throw new TypeError(`${name}: ${field} contains a line break`);
    return `${text}\r\n`;
}

/** Refuses a misspelt option, rather than ignore it. */
export function onlyKnown(options, known, name) {
    if (typeof options !== "object" || options === null) {
        throw new TypeError(`${name} must be an object`);
    }
    for (const key of Object.keys(options)) {
        if (!known.has(key)) throw new TypeError(`${name}: there is no option ${key}`);
    }
}
