// The form for messages, and files that are chosen or dropped.
import { parseHex } from "./bytes.js";
import { $, mebibytes } from "./page.js";

let send, maxMessage;

// `send` gets a message, and the name of the file that it comes from. `maxMessage` returns the
// number of bytes that the server accepts.
export function sendWith(sender, limit) {
  send = sender;
  maxMessage = limit;
}

export function complain(text) {
  $("problem").textContent = text;
}

const sendsText = () => $("send").elements.kind.value === "text";

$("send").onsubmit = (event) => {
  event.preventDefault();
  const { value } = $("message");
  const data = sendsText() ? value.toWellFormed() : parseHex(value);
  if (data === null) return complain("Binary needs hexadecimal bytes, for example: 48 65 6c");
  complain("");
  send(data);
  $("message").select();
};
$("send").onchange = () => {
  $("message").placeholder = sendsText() ? "A text message" : "Bytes in hexadecimal: 48 65 6c";
};
$("message").onkeydown = (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("send").requestSubmit();
};

// ---- files ----

async function sendFiles(files) {
  complain("");
  for (const file of files) {
    if (file.size > maxMessage()) {
      const limit = mebibytes(maxMessage());
      complain(`${file.name} has ${mebibytes(file.size)}; the server accepts up to ${limit}.`);
      continue;
    }
    const data = await file.arrayBuffer().catch(() => null);
    if (data) send(data, file.name);
    else complain(`${file.name} cannot be read.`);
  }
}

$("choose").onclick = () => $("file").click();
$("file").onchange = async () => {
  await sendFiles([...$("file").files]);
  $("file").value = "";
};

const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
const showDrop = (on) => document.body.classList.toggle("dropping", on);
addEventListener("dragover", (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  showDrop(true);
});
addEventListener("dragleave", (event) => event.relatedTarget === null && showDrop(false));
addEventListener("drop", (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  showDrop(false);
  sendFiles([...event.dataTransfer.files]);
});
