// Diagrams, names for screen readers, and the learner's place. The pages are complete without it.
(() => {
  "use strict";

  const here = document.currentScript.src;

  // --- Diagrams: Mermaid is fetched when one comes near, and draws all of the page. ---

  const figures = [...document.querySelectorAll("figure.diagram[data-draw]")];
  let mermaid;
  let drawing = Promise.resolve();

  function isDark() {
    const scheme = document.body.dataset.mdColorScheme;
    return scheme ? scheme === "slate" : matchMedia("(prefers-color-scheme: dark)").matches;
  }

  function loadMermaid() {
    mermaid ??= new Promise((loaded, failed) => {
      const script = document.createElement("script");
      script.src = new URL("../assets/mermaid.tiny.js", here);
      script.onload = () => loaded(window.mermaid);
      script.onerror = failed;
      document.head.append(script);
    });
    return mermaid;
  }

  async function drawAll() {
    const library = await loadMermaid();
    const colors = isDark() ? "dark" : "neutral";
    library.initialize({
      startOnLoad: false,
      securityLevel: "strict",
      flowchart: { nodeSpacing: 24, rankSpacing: 36 },
      theme: colors,
      themeVariables: colors === "dark" ? { edgeLabelBackground: "#333" } : {},
    });
    for (const [index, figure] of figures.entries()) {
      if (figure.dataset.colors === colors) continue;
      const text = figure.querySelector("pre");
      const { svg } = await library.render(`diagram-${index}`, text.textContent);
      const drawn = figure.querySelector("div") ?? document.createElement("div");
      drawn.innerHTML = svg;
      text.hidden = true;
      figure.append(drawn);
      figure.dataset.colors = colors;
      // Shrunk any further, its words could not be read; then it scrolls.
      const picture = drawn.firstElementChild;
      picture.style.minWidth = `${picture.viewBox.baseVal.width * 0.7}px`;
      drawn.tabIndex = drawn.scrollWidth > drawn.clientWidth ? 0 : -1;
    }
  }

  // One at a time: Mermaid's settings are global. Where that fails, the text stays.
  const draw = () => (drawing = drawing.then(drawAll).catch(() => {}));

  if (figures.length) {
    const near = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        near.disconnect();
        draw();
        const redraw = new MutationObserver(draw);
        redraw.observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
      },
      { rootMargin: "400px" },
    );
    for (const figure of figures) near.observe(figure);
    addEventListener("beforeprint", draw);
  }

  // --- Names that the theme leaves out, for screen readers. ---

  addEventListener("load", () => {
    document.querySelector("[data-md-component=search]")?.setAttribute("aria-label", "Search");
    // One button is no landmark.
    for (const one of document.querySelectorAll(".md-code__nav")) one.setAttribute("role", "none");
  });

  // --- The learner's place: the numbers of the finished chapters, kept in this browser. ---

  const KEY = "finished-chapters";
  const numberOf = (address) => address.match(/chapters\/(?!00)(\d\d)-[^/]*$/)?.[1];
  const content = document.querySelector("article");
  const links = [...document.querySelectorAll(".md-nav--primary a, article ol a")].filter(
    (link) => !link.hash && numberOf(link.href),
  );
  let finished = new Set();

  function read() {
    try {
      finished = new Set(JSON.parse(localStorage.getItem(KEY) ?? "[]"));
    } catch {
      // Something else wrote there: the next tick replaces it.
    }
  }

  function write() {
    try {
      localStorage.setItem(KEY, JSON.stringify([...finished].sort()));
    } catch {
      // The storage is full: the place lasts as long as the page.
    }
  }

  function element(tag, name, text = "") {
    return Object.assign(document.createElement(tag), { className: name, textContent: text });
  }

  function showTicks() {
    for (const tick of document.querySelectorAll(".finished")) tick.remove();
    for (const link of links) {
      if (!finished.has(numberOf(link.href))) continue;
      const tick = element("span", "finished");
      tick.append(element("span", "tick", "✓"), element("span", "only-spoken", " (finished)"));
      tick.firstChild.ariaHidden = "true";
      const name = link.querySelector(".md-ellipsis");
      name ? name.append(tick) : link.after(tick);
    }
  }

  // "3 of 9 chapters finished. Go on with 4. Styling."
  const list = [...document.querySelectorAll("article ol")].find((one) =>
    links.some((link) => one.contains(link)),
  );
  const place = element("p", "place");
  list?.before(place);

  function showPlace() {
    if (!list) return;
    const chapters = links.filter((link) => list.contains(link));
    const open = chapters.filter((link) => !finished.has(numberOf(link.href)));
    const done = chapters.length - open.length;
    place.hidden = !done;
    place.textContent = `${done} of ${chapters.length} chapters finished.`;
    if (!open.length) return;
    const title = `${Number(numberOf(open[0].href))}. ${open[0].textContent}`;
    const next = element("a", "", title);
    next.href = open[0].href;
    place.append(" Go on with ", next, ".");
    const start = document.querySelector(".actions .start");
    if (start && done) {
      start.textContent = `Go on with ${title}`;
      start.href = next.href;
    }
  }

  const number = numberOf(location.pathname);
  const box = Object.assign(document.createElement("input"), { type: "checkbox" });
  if (number && content) {
    const label = element("label", "finish");
    label.append(box, " I have finished this chapter");
    content.append(label);
    box.addEventListener("change", () => {
      read();
      box.checked ? finished.add(number) : finished.delete(number);
      write();
      show();
    });
  }

  function show() {
    box.checked = finished.has(number);
    showTicks();
    showPlace();
  }

  function update() {
    read();
    show();
  }

  update();
  addEventListener("storage", update); // another tab
  addEventListener("pageshow", update); // the browser's Back
})();
