// Firefox for the browser tests: tests/firefox.py starts this, and it ends with its input.
//
//     node firefox.mjs FIREFOX
//
// Each line of the input is an order in JSON, each line of the output its answer: { value } or
// { error }. Playwright wants a Firefox of its own, so this is Puppeteer, with the one that is
// installed.

import { createInterface } from "node:readline";
import puppeteer from "puppeteer-core";

const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: process.argv[2],
  headless: true,
});
const EXPECTED = [
  // It would fetch the next page in advance, which the policy does not allow.
  /^Content-Security-Policy: .* \(default-src\) at \S+\.html /,
  // So it calls the end of a worker that is terminated while it computes.
  /^uncaught exception: undefined$/,
];
const contexts = [];
const pages = [];

const orders = {
  async newContext() {
    return contexts.push(await browser.createBrowserContext()) - 1;
  },
  async newPage({ context }) {
    const page = await contexts[context].newPage();
    await page.setViewport({ width: 1280, height: 800 });
    const problems = [];
    const said = []; // on the console
    page.on("pageerror", ({ message }) => {
      if (!EXPECTED.some((pattern) => pattern.test(message))) problems.push(message);
    });
    page.on("console", (message) => {
      if (message.type() === "error") said.push(message.text());
    });
    page.on("request", (request) => problems.push(...foreign(request.url(), page.url())));
    return pages.push({ page, problems, said }) - 1;
  },
  goto: ({ page, address }) => pages[page].page.goto(address).then(() => null),
  reload: ({ page }) => pages[page].page.reload().then(() => null),
  type: ({ page, text }) => pages[page].page.keyboard.type(text),
  press: ({ page, key }) => pages[page].page.keyboard.press(key),
  // A function is called with the argument.
  evaluate: ({ page, text, argument }) =>
    pages[page].page.evaluate(`(async () => {
      const value = (${text});
      return typeof value === "function" ? value(${JSON.stringify(argument)}) : value;
    })()`),
  problems: ({ page }) => pages[page].problems,
  said: ({ page }) => pages[page].said,
  closeContext: ({ context }) => contexts[context].close(),
};

function foreign(address, origin) {
  if (!origin.startsWith("http") || /^(data|blob):/.test(address)) return [];
  return new URL(address).origin === new URL(origin).origin ? [] : [`requests ${address}`];
}

process.stdout.write(`${JSON.stringify({ value: await browser.version() })}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  const { order, ...details } = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await orders[order](details)) ?? null };
  } catch (error) {
    answer = { error: error.message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
