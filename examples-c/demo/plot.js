// A plot of the last 30 seconds that moves.

const SPAN = 30_000; // ms
const BUCKET = 100; // ms: one point for the largest value in it
const MARGIN = { left: 60, right: 10, top: 10, bottom: 20 };
const STEADY = 1000; // ms between two frames for those who prefer less motion

const calm = matchMedia("(prefers-reduced-motion: reduce)");

// The smallest of 1, 2, 5, 10, 20, ... that is not below `value`.
export function ceiling(value) {
  const unit = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((n) => n * unit).find((n) => n >= value * 0.999);
}

export class Plot {
  #canvas;
  #points = []; // { bucket, value }
  #drawn = 0;

  // `least` is what the axis shows at least.
  constructor(canvas, unit, least) {
    this.#canvas = canvas;
    this.unit = unit;
    this.least = least;
    const draw = (now) => {
      if (!calm.matches || now - this.#drawn >= STEADY) this.#draw(now);
      requestAnimationFrame(draw);
    };
    requestAnimationFrame(draw);
  }

  add(value, now = performance.now()) {
    const bucket = Math.floor(now / BUCKET);
    const last = this.#points.at(-1);
    if (last?.bucket === bucket) last.value = Math.max(last.value, value);
    else this.#points.push({ bucket, value });
    while (this.#points[0].bucket * BUCKET < now - SPAN - BUCKET) this.#points.shift();
  }

  // A missing value: the line does not continue over it.
  interrupt() {
    if (this.#points.length > 0) this.#points.at(-1).ends = true;
  }

  #draw(now) {
    this.#drawn = now;
    const canvas = this.#canvas;
    const { clientWidth: width, clientHeight: height } = canvas;
    const scale = devicePixelRatio;
    canvas.width = Math.round(width * scale); // also clears it
    canvas.height = Math.round(height * scale);
    const context = canvas.getContext("2d");
    context.scale(scale, scale);
    const points = this.#points.filter(({ bucket }) => bucket * BUCKET >= now - SPAN);
    const top = ceiling(Math.max(this.least, ...points.map(({ value }) => value)));
    const area = { x: MARGIN.left, y: MARGIN.top };
    area.width = width - MARGIN.left - MARGIN.right;
    area.height = height - MARGIN.top - MARGIN.bottom;
    const x = (time) => area.x + area.width * (1 - (now - time) / SPAN);
    const y = (value) => area.y + area.height * (1 - value / top);
    const style = getComputedStyle(canvas);
    const colour = (name) => style.getPropertyValue(name);
    context.font = `11px ${style.fontFamily}`;
    const label = (value) => `${Number(value.toPrecision(2)).toLocaleString("en")}${this.unit}`;
    drawGrid(context, area, [0, top / 2, top], label, y, colour);
    drawPoints(context, points, x, y, colour("--accent"));
  }
}

function drawGrid(context, area, values, label, y, colour) {
  context.strokeStyle = colour("--line");
  context.fillStyle = colour("--quiet");
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const value of values) {
    const at = Math.round(y(value)) + 0.5;
    context.beginPath();
    context.moveTo(area.x, at);
    context.lineTo(area.x + area.width, at);
    context.stroke();
    context.fillText(label(value), area.x - 8, at);
  }
  context.textBaseline = "alphabetic";
  const below = area.y + area.height + 16;
  context.fillText("now", area.x + area.width, below);
  context.textAlign = "left";
  context.fillText("30 s ago", area.x, below);
}

function drawPoints(context, points, x, y, colour) {
  context.strokeStyle = context.fillStyle = colour;
  context.lineWidth = 1.5;
  context.lineJoin = "round";
  context.beginPath();
  let drawing = false;
  for (const { bucket, value, ends } of points) {
    const [left, top] = [x(bucket * BUCKET), y(value)];
    if (drawing) context.lineTo(left, top);
    else context.moveTo(left, top);
    drawing = !ends;
  }
  context.stroke();
  const last = points.at(-1);
  if (!last) return;
  context.beginPath();
  context.arc(x(last.bucket * BUCKET), y(last.value), 3, 0, 2 * Math.PI);
  context.fill();
}
