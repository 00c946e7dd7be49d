// What a page can know about the frames of a message. null stands for what it cannot know.
//
// A frame has `length`, that of the message, and `wire`, that of the frame's payload: they differ
// if the frame is compressed.

const EXCERPT = { text: 160, binary: 48 }; // characters, bytes

const bytesOf = (data) =>
  typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data);

export const byteLength = (data) => bytesOf(data).length;

// The header of an unmasked frame with FIN (RFC 6455, 5.2), as far as it is known.
export function headerOf(opcode, length, rsv1) {
  const first = 0x80 | (rsv1 ? 0x40 : 0) | opcode;
  if (length === null) return [first, null];
  if (length < 126) return [first, length];
  const size = length < 0x10000 ? 2 : 8;
  const bytes = Array.from({ length: size }, (_, i) =>
    Number((BigInt(length) >> BigInt(8 * (size - 1 - i))) & 0xffn),
  );
  return [first, size === 2 ? 126 : 127, ...bytes];
}

// `compressFrom`: the server compresses messages from this length on; Infinity: none.
export function receivedFrame(data, compressFrom) {
  const length = byteLength(data);
  const text = typeof data === "string";
  const rsv1 = length >= compressFrom;
  return {
    from: "server",
    opcode: text ? "text" : "binary",
    flags: { FIN: true, RSV1: rsv1, masked: false },
    length,
    wire: rsv1 ? null : length,
    header: headerOf(text ? 1 : 2, rsv1 ? null : length, rsv1),
    payload: excerpt(data),
  };
}

// A browser may split a message, and compress it if that was agreed.
export function sentFrame(data, compressFrom) {
  const length = byteLength(data);
  return {
    from: "client",
    opcode: typeof data === "string" ? "text" : "binary",
    flags: { FIN: null, RSV1: compressFrom === Infinity ? false : null, masked: true },
    length,
    wire: null,
    header: null,
    payload: excerpt(data),
  };
}

// Close frames are neither split nor compressed. Code 1005 stands for a frame without a code.
export function closeFrame(from, code, reason) {
  const length = code === 1005 ? 0 : 2 + byteLength(reason);
  const masked = from === "client";
  const [first, second] = headerOf(8, length, false);
  return {
    from,
    opcode: "close",
    flags: { FIN: true, RSV1: false, masked },
    length,
    wire: length,
    header: masked ? [first, 0x80 | second, null, null, null, null] : [first, second],
    payload: [length > 0 ? code : "", reason && excerpt(reason)].join(" ").trim(),
  };
}

export const hex = (bytes) =>
  Array.from(bytes, (byte) => (byte === null ? "??" : byte.toString(16).padStart(2, "0"))).join(
    " ",
  );

// The start of a payload: text in quotes, other bytes in hexadecimal.
export function excerpt(data) {
  if (typeof data !== "string") {
    const bytes = new Uint8Array(data);
    return hex(bytes.subarray(0, EXCERPT.binary)) + (bytes.length > EXCERPT.binary ? " ..." : "");
  }
  let start = data.slice(0, EXCERPT.text);
  if (start.length < data.length) start = start.replace(/[\ud800-\udbff]$/, "");
  return `"${escaped(start)}"${start.length < data.length ? "..." : ""}`;
}

// Control characters, and those that rearrange text.
const escaped = (text) =>
  text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (c) =>
    c === "\u200d" ? c : `\\u{${c.codePointAt(0).toString(16)}}`,
  );
