// Packages of npm for the tests: from this folder's package, or from a folder named in NODE_PATH.

import { createRequire } from "node:module";

const require = createRequire(new URL("../package.json", import.meta.url));

/** Returns the package, or undefined where it is not installed. */
export function find(name) {
  try {
    return require(name);
  } catch (error) {
    if (error.code !== "MODULE_NOT_FOUND") throw error;
  }
}
