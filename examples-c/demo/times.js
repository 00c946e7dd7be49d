// Figures about echoes: times of the last ones, and how many arrive in a second.

const KEPT = 1000; // times

export class Times {
  #ring = new Float64Array(KEPT);
  #count = 0;

  add(milliseconds) {
    this.#ring[this.#count++ % KEPT] = milliseconds;
  }

  // { last, median, slow }: slow is the time that 99 of 100 echoes do not exceed. null: none yet.
  summary() {
    const count = Math.min(this.#count, KEPT);
    if (count === 0) return null;
    const sorted = this.#ring.slice(0, count).sort();
    const at = (part) => sorted[Math.ceil(part * count) - 1];
    return { last: this.#ring[(this.#count - 1) % KEPT], median: at(0.5), slow: at(0.99) };
  }
}

// Counts over the time between two calls of perSecond().
export class Rate {
  total = 0;
  #messages = 0;
  #bytes = 0;
  #since = performance.now();

  add(bytes) {
    this.total++;
    this.#messages++;
    this.#bytes += bytes;
  }

  perSecond(now = performance.now()) {
    const seconds = (now - this.#since) / 1000;
    const rate = { messages: this.#messages / seconds, bytes: this.#bytes / seconds };
    this.#messages = this.#bytes = 0;
    this.#since = now;
    return rate;
  }
}
