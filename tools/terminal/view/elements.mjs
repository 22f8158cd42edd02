// Elements for the panels. Texts become text nodes, so nothing in them is ever read as HTML.

/** `properties` are those of the element; what holds a hyphen is an attribute. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-")) made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children);
  return made;
}

export function button(text, action, properties = {}) {
  return element("button", { type: "button", onclick: action, ...properties }, text);
}

/** "1 file", "1,045 files" */
export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en-US")} ${number === 1 ? one : many}`;
}
