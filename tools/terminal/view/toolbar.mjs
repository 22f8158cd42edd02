// Rows of buttons, each one stop of the Tab key; the arrow keys go along it.

import { button, element } from "./elements.mjs";

// What a touch keyboard lacks: what is on the key, its name, and what it types.
const TOUCH_KEYS = [
  ["Tab", "Tab", "\t"],
  ["Ctrl-C", "Ctrl-C", "\x03"],
  ["↑", "Up, the line before", "\x1b[A"],
  ["↓", "Down, the next line", "\x1b[B"],
];

export function toolbar(name, buttons) {
  const bar = element("div", { role: "toolbar", "aria-label": name }, ...buttons);
  const choose = (chosen) => {
    for (const one of buttons) one.tabIndex = one === chosen ? 0 : -1;
  };
  choose(buttons[0]);
  bar.className = "terminal-buttons";
  bar.addEventListener("focusin", ({ target }) => choose(target));
  bar.addEventListener("keydown", (event) => {
    const last = buttons.length - 1;
    const index = buttons.indexOf(event.target);
    const next = {
      ArrowLeft: index === 0 ? last : index - 1,
      ArrowRight: index === last ? 0 : index + 1,
      Home: 0,
      End: last,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    buttons[next].focus();
  });
  return bar;
}

export function touchKeys(type) {
  const keys = TOUCH_KEYS.map(([shown, name, data]) => {
    const key = button(shown, () => type(data), { "aria-label": name });
    // The focus stays where it is, and with it the keyboard on the screen.
    key.addEventListener("pointerdown", (event) => event.preventDefault());
    return key;
  });
  const bar = toolbar("Keys", keys);
  bar.classList.add("terminal-keys");
  return bar;
}
