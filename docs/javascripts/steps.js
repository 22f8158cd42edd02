// The bar with the steps, and the whole file of a step. The pages are complete without it.
(() => {
  "use strict";

  // --- The bar: the reader is in the last section that begins above the middle of the window. ---

  const links = [...document.querySelectorAll(".steps-bar a")];
  const titles = links.map((link) => document.getElementById(link.hash.slice(1)));

  function showPlace() {
    const place = titles.findLastIndex(
      (title) => title.getBoundingClientRect().top < innerHeight / 2,
    );
    for (const [index, link] of links.entries()) {
      if (index === place) link.setAttribute("aria-current", "step");
      else link.removeAttribute("aria-current");
    }
  }

  if (links.length) {
    addEventListener("scroll", () => requestAnimationFrame(showPlace), { passive: true });
    showPlace();
  }

  // --- A step: its difference from the step before, or the whole file. ---

  for (const step of document.querySelectorAll(".step")) {
    const folds = [...step.querySelectorAll("details")];
    if (!folds.length && !step.querySelector("del")) continue;
    const button = Object.assign(document.createElement("button"), {
      className: "block-button whole-button",
      textContent: "Whole file",
      type: "button",
    });
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      const isWhole = step.classList.toggle("is-whole");
      for (const fold of folds) fold.open = isWhole;
      button.setAttribute("aria-pressed", String(isWhole));
    });
    step.querySelector(".filename").append(button);
  }
})();
