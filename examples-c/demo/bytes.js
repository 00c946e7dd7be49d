// Messages as bytes.

// Both are strings or ArrayBuffers.
export function equal(a, b) {
  if (typeof a === "string" || typeof b === "string") return a === b;
  const [left, right] = [new Uint8Array(a), new Uint8Array(b)];
  let same = left.length === right.length;
  for (let i = 0; same && i < left.length; i++) same = left[i] === right[i];
  return same;
}

// Returns null if the text is not a list of bytes.
export function parseHex(text) {
  const digits = text.replace(/\s+/g, "");
  if (digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) return null;
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) =>
    parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  ).buffer;
}
