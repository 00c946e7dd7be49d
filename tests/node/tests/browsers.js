// How to start the browsers without a window.
import puppeteer from "puppeteer-core";

const CHROMIUM = {
  browser: "chrome",
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
};
const FIREFOX = {
  browser: "firefox",
  executablePath: process.env.FIREFOX ?? "/usr/bin/firefox-esr",
};

// Chromium, with further options of its command line.
export function startChromium(options = {}, ...args) {
  return puppeteer.launch({ ...CHROMIUM, ...options, args: [...CHROMIUM.args, ...args] });
}

// With preferences that differ from the default ones.
export function startFirefox(extraPrefsFirefox = {}) {
  return puppeteer.launch({ ...FIREFOX, extraPrefsFirefox });
}
