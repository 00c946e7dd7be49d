// What a person does with the page, and sees there.

// To ask in each frame, as is the default, would make the browsers draw them all.
const PATIENCE = { timeout: 20_000, polling: 50 };

/** Waits until this function of the page, with these values, returns something true. */
export function until(page, condition, ...values) {
  return page.waitForFunction(condition, PATIENCE, ...values);
}

/** Waits until the text of an element contains this. */
export function shows(page, selector, text) {
  const hasText = (selector, text) =>
    [...document.querySelectorAll(selector)].some(
      (each) => each.checkVisibility() && each.textContent.includes(text),
    );
  return until(page, hasText, selector, text);
}

/** Waits until the log has this message. */
export function sees(page, text) {
  const isThere = (text) =>
    [...document.querySelectorAll("#log .message p")].some((each) => each.textContent === text);
  return until(page, isThere, text);
}

export function textsOf(page, selector) {
  return page.$$eval(selector, (nodes) => nodes.map((node) => node.textContent));
}

/** The texts of all messages in the log. */
export const messages = (page) => textsOf(page, "#log .message p");

const field = (label) =>
  `xpath/.//label[starts-with(normalize-space(), "${label}")]//input |
    .//*[@id = //label[normalize-space() = "${label}"]/@for]`;

export function fill(page, label, text) {
  return page.locator(field(label)).fill(text);
}

export function press(page, text) {
  return page.locator(`xpath/.//button[starts-with(normalize-space(), "${text}")]`).click();
}

export async function enter(page, name, room) {
  await fill(page, "Your name", name);
  await fill(page, "Room", room);
  await press(page, "Enter");
  await joined(page);
}

/** Waits until the page is in its room, on this server or any. */
export async function joined(page, server = { name: "" }) {
  await shows(page, "#status.joined #state", `Connected to ${server.name}`);
}

export async function say(page, text) {
  const box = await write(page, text);
  await box.press("Enter");
}

/** Puts a message into its box, and returns that. */
export async function write(page, text) {
  const box = await page.$(field("Message"));
  await box.evaluate((node, text) => {
    node.value = text;
    node.dispatchEvent(new Event("input"));
  }, text);
  return box;
}
