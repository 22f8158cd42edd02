// Run buttons at the console blocks. What they need is fetched when the reader comes near one of
// them; the pages are complete without it.
(() => {
  "use strict";

  const here = document.currentScript.src;
  // A block without `data-run` cannot run here; without `data-build` the site has no terminal.
  const blocks = [...document.querySelectorAll(".transcript[data-build][data-run]")];
  const NEAR = 150; // milliseconds: who only passes over a button downloads nothing
  const UPDATED = "The course has been updated. Reload this page to run its commands.";
  const BROKEN = "The terminal could not be loaded. Reload this page to try again.";
  const OFFLINE = "You are offline. Connect to the network, then press Run again.";
  const UNREACHABLE = "The site cannot be reached. Press Run again in a while.";

  // Modules in workers: a browser that has them asks for the type before it sees that the address
  // is none. So nothing is started and nothing fetched.
  function hasModuleWorkers() {
    let asked = false;
    const options = {
      get type() {
        asked = true;
        return "module";
      },
    };
    try {
      new Worker("https://:", options);
    } catch {
      // That was the address.
    }
    return asked;
  }

  function element(tag, name, text = "") {
    return Object.assign(document.createElement(tag), { className: name, textContent: text });
  }

  // --- Opened from a folder: browsers load no modules from there. ---

  function explainFolder(block) {
    const footer = block.querySelector(":scope > p") ?? element("p", "");
    const rest = footer.textContent;
    footer.replaceChildren(
      "To run the commands on these pages in the browser, serve the site: ",
      element("code", "", "python3 start.py site"),
      rest && element("br", ""),
      rest,
    );
    block.append(footer);
  }

  // --- The terminal ---

  function load(block) {
    return import(new URL(`../assets/terminal/${block.dataset.build}/page.mjs`, here));
  }

  // A sentence below the block, in the place of the last one.
  const message = element("div", "run-message");
  message.setAttribute("role", "status");

  function say(block, text, action) {
    if (message.previousElementSibling !== block) block.after(message);
    message.replaceChildren(element("p", "", text));
    if (!action) return;
    const button = element("button", "", "Reload");
    button.type = "button";
    button.addEventListener("click", action);
    message.append(button);
  }

  async function explain(block) {
    if (navigator.onLine === false) return say(block, OFFLINE);
    const address = new URL(`../assets/terminal/${block.dataset.build}/page.mjs`, here);
    const reload = () => location.reload();
    try {
      const { ok } = await fetch(address, { cache: "no-store" });
      say(block, ok ? BROKEN : UPDATED, reload);
    } catch {
      say(block, UNREACHABLE);
    }
  }

  async function run(block) {
    say(block, "The terminal is loading…");
    try {
      const page = await load(block);
      await page.run(block);
      message.remove();
    } catch {
      await explain(block);
    }
  }

  function addButton(block) {
    const button = element("button", "run-button", "Run");
    button.type = "button";
    button.setAttribute("aria-label", "Run these commands");
    let timer;
    const come = () => {
      clearTimeout(timer);
      timer = setTimeout(prepare, NEAR);
    };
    const go = () => clearTimeout(timer);
    const prepare = () =>
      load(block).then(
        (page) => page.prepare(),
        () => {}, // It is said when the button is pressed.
      );
    button.addEventListener("pointerenter", come);
    button.addEventListener("pointerleave", go);
    button.addEventListener("focus", come);
    button.addEventListener("blur", go);
    button.addEventListener("click", () => {
      go();
      run(block);
    });
    block.append(button);
  }

  if (!blocks.length) return;
  if (location.protocol === "file:") {
    explainFolder(blocks[0]);
  } else if (typeof WebAssembly === "object" && typeof Worker === "function") {
    if (hasModuleWorkers()) blocks.forEach(addButton);
  }
})();
