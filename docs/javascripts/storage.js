// Where storage is forbidden, reading `localStorage` throws, and the theme's scripts end there.
// What is stored then lasts as long as the page.
for (const name of ["localStorage", "sessionStorage"]) {
  try {
    window[name].getItem("");
  } catch {
    const items = new Map();
    Object.defineProperty(window, name, {
      value: {
        getItem: (key) => items.get(key) ?? null,
        setItem: (key, item) => items.set(key, String(item)),
        removeItem: (key) => items.delete(key),
      },
    });
  }
}
