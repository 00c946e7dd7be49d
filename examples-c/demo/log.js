// A list of the last entries. It is redrawn once for each frame of the screen, so that many
// entries at once do not block the page.
import { hex } from "./frames.js";

const LIMIT = 200;

function element(name, className, text) {
  const node = document.createElement(name);
  node.className = className;
  node.textContent = text;
  return node;
}

function flag(name, value) {
  const node = element("i", value === null ? "flag unknown" : "flag", name);
  if (value === null) node.append("?");
  return node;
}

export class Log {
  #list;
  #waiting = [];
  #scheduled = false;

  constructor(list) {
    this.#list = list;
  }

  clear() {
    this.#waiting = [];
    this.#list.replaceChildren();
  }

  // `aside` is a remark, for example the time that the echo took.
  frame(frame, aside) {
    this.#add(() => frameRow(frame, aside));
  }

  note(text) {
    this.#add(() => row("note", element("span", "payload", text)));
  }

  #add(build) {
    const at = new Date();
    this.#waiting.push(() => {
      const node = build();
      node.prepend(time(at));
      return node;
    });
    if (this.#waiting.length > LIMIT) this.#waiting.shift();
    if (!this.#scheduled) requestAnimationFrame(() => this.#draw());
    this.#scheduled = true;
  }

  #draw() {
    const list = this.#list;
    const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 8;
    list.append(...this.#waiting.map((build) => build()));
    while (list.childElementCount > LIMIT) list.firstElementChild.remove();
    if (atEnd) list.scrollTop = list.scrollHeight;
    this.#waiting = [];
    this.#scheduled = false;
  }
}

function time(at) {
  const node = element("time", "", at.toTimeString().slice(0, 8));
  node.dateTime = at.toISOString();
  return node;
}

function together(className, parts, name = "span") {
  const node = element(name, className, "");
  node.append(...parts.flatMap((part) => [" ", part]));
  return node;
}

const row = (className, ...parts) => together(className, parts, "li");

// As wsdump writes it, except for what is unknown.
function lengthText({ length, wire, flags }) {
  const count = length.toLocaleString("en");
  const bytes = `${count} byte${length === 1 ? "" : "s"}`;
  if (wire !== null) return bytes;
  return flags.RSV1 ? `? bytes, inflated to ${count}` : `message of ${bytes}`;
}

function frameRow(frame, aside) {
  const { from, opcode, flags, header, payload } = frame;
  const sent = from === "client";
  const arrow = element("span", "arrow", sent ? "→" : "←");
  arrow.setAttribute("aria-hidden", "true");
  const shown = Object.entries(flags).filter(([, value]) => value !== false);
  return row(
    from,
    arrow,
    element("span", "unseen", sent ? "sent" : "received"),
    element("b", "opcode", opcode),
    together(
      "flags",
      shown.map(([name, value]) => flag(name, value)),
    ),
    element("span", "length", lengthText(frame)),
    ...(header ? [element("code", "header", hex(header))] : []),
    ...(aside ? [element("span", "aside", aside)] : []),
    element("code", "payload", payload),
  );
}
