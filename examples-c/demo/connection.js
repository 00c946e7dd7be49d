// A WebSocket to an echo server that reconnects by itself.

const FIRST_DELAY = 250; // ms
const LONGEST_DELAY = 10_000;

// Doubles with each attempt. The random part keeps clients that were disconnected together from
// returning together.
export function backoff(attempt, random = Math.random()) {
  return Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** attempt) * (0.5 + random / 2);
}

export class Connection {
  state = "closed"; // "connecting", "open", "waiting" before it reconnects
  retryAt = 0; // "waiting": until then, as performance.now()
  #attempt = 0;
  #protocols = [];
  #socket = null;
  #timer = 0;
  #sent = []; // messages whose echoes have not arrived; the server keeps their order

  // `on` has a function for each of: state(connection), received(data, sent, milliseconds),
  // closed(event).
  constructor(url, on) {
    this.url = url;
    this.on = on;
  }

  get isOpen() {
    return this.state === "open";
  }

  get protocol() {
    return this.#socket.protocol;
  }

  get extensions() {
    return this.#socket.extensions;
  }

  // Throws if the list of subprotocols is invalid; then nothing changes.
  connect(protocols) {
    this.#open(protocols);
    this.#attempt = 0;
  }

  disconnect() {
    clearTimeout(this.#timer);
    if (this.isOpen) this.#socket.close(1000);
    else this.#abandon();
    this.#become("closed");
  }

  // `kind` is for whoever receives the echo.
  send(data, kind) {
    this.#sent.push({ data, kind, at: performance.now() });
    this.#socket.send(data);
  }

  // Reports nothing more of the current socket.
  #abandon() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #open(protocols) {
    const socket = new WebSocket(this.url, protocols);
    this.#abandon();
    const mine = (handle) => (event) => socket === this.#socket && handle(event);
    socket.binaryType = "arraybuffer";
    socket.onopen = mine(() => this.#opened());
    socket.onmessage = mine((event) => this.#received(event.data));
    socket.onclose = mine((event) => this.#closed(event));
    this.#socket = socket;
    this.#protocols = protocols;
    this.#sent = [];
    this.#become("connecting");
  }

  #opened() {
    this.#attempt = 0;
    this.#become("open");
  }

  #received(data) {
    const now = performance.now();
    const sent = this.#sent.shift();
    if (sent) this.on.received(data, sent, now - sent.at);
  }

  #closed(event) {
    this.on.closed(event);
    if (this.state !== "closed") this.#retry();
  }

  #retry() {
    const delay = backoff(this.#attempt++);
    this.retryAt = performance.now() + delay;
    this.#timer = setTimeout(() => this.#open(this.#protocols), delay);
    this.#become("waiting");
  }

  #become(state) {
    this.state = state;
    this.on.state(this);
  }
}
