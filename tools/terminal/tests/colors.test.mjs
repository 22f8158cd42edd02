import assert from "node:assert/strict";
import { test } from "node:test";

import { schemes } from "../view/colors.mjs";

function luminance(color) {
  const [red, green, blue] = color.match(/\w\w/g).map((part) => {
    const value = parseInt(part, 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

for (const [name, { background, cursorAccent, selectionBackground, ...inks }] of Object.entries(
  schemes,
)) {
  test(`every color of the scheme ${name} can be read on its background`, () => {
    for (const [ink, color] of Object.entries(inks)) {
      const ratio = contrast(color, background);
      assert.ok(ratio >= 4.5, `${ink} has ${ratio.toFixed(2)}`);
    }
  });

  test(`text that is selected can be read in the scheme ${name}`, () => {
    assert.ok(contrast(inks.foreground, selectionBackground) >= 4.5);
    assert.ok(contrast(cursorAccent, inks.cursor) >= 4.5);
  });
}
