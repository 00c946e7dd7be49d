// Connects the elements of the page with the connection, the log, the plot and the load.
import { equal } from "./bytes.js";
import { Connection } from "./connection.js";
import { byteLength, closeFrame, receivedFrame, sentFrame } from "./frames.js";
import { complain, sendWith } from "./form.js";
import { Log } from "./log.js";
import { $, mebibytes, milliseconds, number } from "./page.js";
import { Plot } from "./plot.js";
import { Rate, Times } from "./times.js";

const log = new Log($("log"));
const delays = new Plot($("delays"), " ms", 0.5);
const rates = new Plot($("rates"), "", 10);
const times = new Times();
const rate = new Rate();

// ---- the connection ----

const url = Object.assign(new URL("/", location), {
  protocol: location.protocol === "https:" ? "wss:" : "ws:",
}).href;
const connection = new Connection(url, { state: onState, received: onReceived, closed: onClosed });
// Known while it is open: { maxMessage, compressFrom }.
let agreed = null;

const STATES = {
  closed: "Disconnected",
  connecting: "Connecting",
  open: "Connected",
  waiting: "Connection lost, will reconnect",
};

function onState({ state, isOpen }) {
  if ($("state").textContent !== STATES[state]) $("state").textContent = STATES[state];
  $("state").dataset.state = state;
  $("connect").textContent = state === "closed" ? "Connect" : "Disconnect";
  if (isOpen) return agree();
  agreed = null;
  enable();
  setLoad(null);
  delays.interrupt();
}

function enable() {
  for (const button of document.querySelectorAll("#send button, #run")) button.disabled = !agreed;
}

// Each time, since the server may have restarted with other options.
async function agree() {
  try {
    const about = await (await fetch("/demo/server.json")).json();
    if (connection.isOpen) showAgreed(about);
  } catch {
    complain("The server does not tell its settings.");
  }
}

function showAgreed({ version, maxMessage, ...about }) {
  const { protocol, extensions } = connection;
  const compresses = extensions.includes("permessage-deflate");
  const compressFrom = compresses ? about.compressFrom : Infinity;
  agreed = { maxMessage, compressFrom };
  enable();
  $("subprotocol").textContent = protocol || "none";
  $("extensions").textContent = extensions || "none";
  $("compression").textContent = !compresses
    ? "none"
    : `of messages from ${number(compressFrom)} bytes on`;
  $("server").textContent = `wscodec ${version}, messages of up to ${mebibytes(maxMessage)}`;
  log.note(`connected, subprotocol ${protocol || "none"}, extensions ${extensions || "none"}`);
}

// 1006: no close frame has arrived.
function onClosed({ wasClean, code, reason }) {
  if (code === 1006) log.note("no connection, or one that ended without a close frame (1006)");
  else log.frame(closeFrame("server", code, reason), wasClean ? "" : "no clean end");
}

function offered() {
  return $("offered")
    .value.split(/[\s,]+/)
    .filter((name) => name);
}

function connect() {
  try {
    connection.connect(offered());
    complain("");
  } catch (error) {
    complain(error.message); // not a valid list of subprotocols
  }
}

function disconnect() {
  if (connection.isOpen) log.frame(closeFrame("client", 1000, ""));
  connection.disconnect();
}

$("connect").onclick = () => (connection.state === "closed" ? connect() : disconnect());
$("offer").onsubmit = (event) => {
  event.preventDefault();
  connect();
};
addEventListener("online", () => connection.state === "waiting" && connect());

// ---- messages ----

function send(data, name) {
  if (!agreed) return complain("Not connected.");
  if (name) log.note(`file ${name}`);
  connection.send(data, "message");
  log.frame(sentFrame(data, agreed.compressFrom));
}

function onReceived(data, sent, elapsed) {
  times.add(elapsed);
  delays.add(elapsed);
  rate.add(byteLength(data));
  if (load && sent.kind === load) sendLoad();
  if (sent.kind !== "message" || !agreed) return;
  const verdict = equal(data, sent.data) ? "identical" : "DIFFERENT";
  log.frame(receivedFrame(data, agreed.compressFrom), `${milliseconds(elapsed)}, ${verdict}`);
}

sendWith(send, () => agreed?.maxMessage ?? Infinity);
$("clear").onclick = () => log.clear();

// ---- probes and load ----

let load = null; // what is sent again and again

function setLoad(next) {
  load = next;
  $("run").textContent = load ? "Stop" : "Start";
}

function sendLoad() {
  if (connection.isOpen) connection.send(load.data, load);
}

$("load").onsubmit = (event) => {
  event.preventDefault();
  const size = Number($("size").value);
  setLoad(load ? null : { data: crypto.getRandomValues(new Uint8Array(size)).buffer });
  for (let i = 0; load && i < Number($("depth").value); i++) sendLoad();
};

setInterval(() => {
  if ($("probe").checked && connection.isOpen && !load) connection.send("probe", "probe");
}, 250);

// ---- figures ----

function showFigures() {
  const summary = times.summary();
  if (summary) for (const id in summary) $(id).textContent = milliseconds(summary[id]);
  const { messages, bytes } = rate.perSecond();
  rates.add(messages);
  $("rate").textContent = number(messages);
  $("bytes").textContent = number(bytes / 1e6, 1);
  $("total").textContent = number(rate.total);
}

function showCountdown() {
  const left = connection.state === "waiting" ? connection.retryAt - performance.now() : 0;
  $("countdown").textContent = left > 0 ? `in ${number(left / 1000, 1)} s` : "";
}

setInterval(showFigures, 1000);
setInterval(showCountdown, 100);
$("url").textContent = url;
$("port").textContent = location.port || (location.protocol === "https:" ? 443 : 80);
connect();
