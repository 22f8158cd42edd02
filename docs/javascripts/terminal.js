// Run buttons at the console blocks, Edit buttons at the course's files. What they need is fetched
// when the reader comes near one of them; the pages are complete without it.
(() => {
  "use strict";

  const here = document.currentScript.src;
  // A block without `data-run` cannot run here; without `data-build` the site has no terminal, or
  // the terminal has not this file.
  const commands = [...document.querySelectorAll(".transcript[data-build][data-run]")];
  const code = [...document.querySelectorAll("[data-build][data-path]:not(.exercise-bar)")];
  const exercises = [...document.querySelectorAll(".exercise-bar[data-build]")];
  const NEAR = 150; // milliseconds: who only passes over a button downloads nothing
  const UPDATED = "The course has been updated. Reload this page to run its commands.";
  const BROKEN = "The terminal could not be loaded. Reload this page to try again.";
  const OFFLINE = "You are offline. Connect to the network, then press the button again.";
  const UNREACHABLE = "The site cannot be reached. Press the button again in a while.";

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
    return import(new URL(`../assets/terminal/${block.dataset.build}/view/page.mjs`, here));
  }

  // A sentence below the block, in the place of the last one.
  const message = element("div", "run-message");
  message.setAttribute("role", "status");

  function showMessage(block, text, action) {
    if (message.previousElementSibling !== block) block.after(message);
    message.replaceChildren(element("p", "", text));
    if (!action) return;
    const button = element("button", "", "Reload");
    button.type = "button";
    button.addEventListener("click", action);
    message.append(button);
  }

  async function explain(block) {
    if (navigator.onLine === false) return showMessage(block, OFFLINE);
    const address = new URL(`../assets/terminal/${block.dataset.build}/view/page.mjs`, here);
    const reload = () => location.reload();
    try {
      const { ok } = await fetch(address, { cache: "no-store" });
      showMessage(block, ok ? BROKEN : UPDATED, reload);
    } catch {
      showMessage(block, UNREACHABLE);
    }
  }

  async function open(block, onPress) {
    showMessage(block, "The terminal is loading…");
    try {
      await onPress(await load(block));
      message.remove();
    } catch {
      await explain(block);
    }
  }

  // A button that, when it is pressed, calls `onPress` with the terminal's page.
  function makeButton(block, text, name, onPress) {
    const button = element("button", `block-button ${text.toLowerCase()}-button`, text);
    button.type = "button";
    button.setAttribute("aria-label", name);
    let timer;
    const come = () => {
      clearTimeout(timer);
      timer = setTimeout(prepare, NEAR);
    };
    const go = () => clearTimeout(timer);
    const prepare = () =>
      load(block).then(
        (page) => page.prepare(block),
        () => {}, // It is said when the button is pressed.
      );
    button.addEventListener("pointerenter", come);
    button.addEventListener("pointerleave", go);
    button.addEventListener("focus", come);
    button.addEventListener("blur", go);
    button.addEventListener("click", () => {
      go();
      open(block, onPress);
    });
    return button;
  }

  function addRun(block) {
    const shown = block.querySelector("code").textContent;
    block.style.setProperty("--first-line", shown.indexOf("\n")); // its length
    block.append(makeButton(block, "Run", "Run these commands", (page) => page.run(block)));
  }

  // In the title; where there is none, beside the button that copies.
  function addEdit(block) {
    const { path, symbol } = block.dataset;
    const name = `Edit ${symbol ? `${symbol} in ` : ""}${path}`;
    const place = block.querySelector("span.filename") ?? block;
    place.append(makeButton(block, "Edit", name, (page) => page.edit(block)));
  }

  // The buttons of an exercise type its lines into the terminal.
  function addActions(bar) {
    const lines = JSON.parse(bar.dataset.actions);
    const whenEnded = (page, text, code) => {
      if (text === "Start" && code === 0) page.edit(bar);
      // Who asks for the solution twice gets it before a pass, too.
      if (text === "Solution" && code) bar.dataset.anyway = " --anyway";
    };
    const buttons = Object.keys(lines).map((text) =>
      makeButton(bar, text, `${text} exercise ${bar.dataset.exercise}`, (page) => {
        const more = text === "Solution" ? (bar.dataset.anyway ?? "") : "";
        bar.dataset.run = JSON.stringify([lines[text] + more]);
        return page.run(bar, (code) => whenEnded(page, text, code));
      }),
    );
    const edit = makeButton(bar, "Edit", `Edit ${bar.dataset.path}`, (page) => page.edit(bar));
    buttons.splice(1, 0, edit);
    for (const button of buttons) button.classList.add("exercise-button");
    bar.prepend(...buttons);
  }

  if (!commands.length && !code.length && !exercises.length) return;
  if (location.protocol === "file:") {
    if (commands.length) explainFolder(commands[0]);
  } else if (typeof WebAssembly === "object" && typeof Worker === "function") {
    if (!hasModuleWorkers()) return;
    commands.forEach(addRun);
    code.forEach(addEdit);
    exercises.forEach(addActions);
  }
})();
