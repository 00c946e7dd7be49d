// Elements of the page, and numbers as it shows them.

export const $ = (id) => document.getElementById(id);
export const number = (value, digits = 0) =>
  value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits });
export const milliseconds = (value) => `${number(value, value < 10 ? 2 : value < 100 ? 1 : 0)} ms`;
export const mebibytes = (bytes) => `${number(bytes / 2 ** 20, 1)} MiB`;
