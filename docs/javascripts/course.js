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

  // --- The learner's place, kept in this browser: the numbers of the finished chapters, and of each
  // exercise what the terminal in the page has told. ---

  const FINISHED = "finished-chapters";
  const EXERCISES = "exercises";
  const numberOf = (address) => address.match(/chapters\/(?!00)(\d\d)-[^/]*$/)?.[1];
  const content = document.querySelector("article");
  const links = [...document.querySelectorAll(".md-nav--primary a, article ol a")].filter(
    (link) => !link.hash && numberOf(link.href),
  );
  let finished = new Set();
  let exercises = {}; // by chapter and key: { solved, last }

  function read() {
    const chapters = kept(FINISHED);
    finished = new Set(Array.isArray(chapters) ? chapters : []);
    exercises = Object(kept(EXERCISES));
  }

  function kept(key) {
    try {
      return JSON.parse(localStorage.getItem(key));
    } catch {
      return null; // Something else wrote there: what is kept next replaces it.
    }
  }

  function write(key, value) {
    try {
      localStorage.setItem(key, JSON.stringify(value));
    } catch {
      // The storage is full: the place lasts as long as the page.
    }
  }

  // Return how many exercises of a chapter are solved, and how many there are.
  function count(chapter) {
    const all = Object.values(Object(exercises[chapter]));
    return { solved: all.filter((one) => one?.solved).length, all: all.length };
  }

  function element(tag, name, text = "") {
    return Object.assign(document.createElement(tag), { className: name, textContent: text });
  }

  function makeTick(name, words) {
    const tick = element("span", name);
    tick.append(element("span", "tick", "✓"), element("span", "only-spoken", ` (${words})`));
    tick.firstChild.ariaHidden = "true";
    return tick;
  }

  // "5. Errors ✓ 2 of 4"; in a list of chapters with the word "exercises".
  function showTicks() {
    for (const mark of document.querySelectorAll(".finished, .solved-count")) mark.remove();
    for (const link of links) {
      const number = numberOf(link.href);
      const { solved, all } = count(number);
      const name = link.querySelector(".md-ellipsis");
      const marks = finished.has(number) ? [makeTick("finished", "finished")] : [];
      if (solved) {
        const mark = element("span", "solved-count", ` ${solved} of ${all}`);
        mark.append(element("span", name ? "only-spoken" : "words", " exercises solved"));
        marks.push(mark);
      }
      name ? name.append(...marks) : link.after(...marks);
    }
  }

  // --- The boxes of the exercises: what holds, and what is solved ---

  function showExercises() {
    for (const bar of document.querySelectorAll(".exercise-bar")) {
      const { exercise, key } = bar.dataset;
      const { solved, last } = Object(Object(exercises[exercise.slice(0, 2)])[key]);
      const box = bar.closest("details");
      const lines = [...box.querySelector(":scope > ol:last-of-type").children];
      const found = String(last ?? "").match(/[yn]/g) ?? []; // none where it was solved elsewhere
      const hasGrown = found.length && found.length !== lines.length;
      setTick(box.querySelector("summary"), solved, "solved");
      for (const [at, line] of lines.entries()) {
        setTick(line, !hasGrown && (found.length ? found[at] === "y" : solved), "holds");
      }
      bar.querySelector(".solution-link").hidden = !solved;
    }
  }

  function setTick(place, isTicked, word) {
    place.querySelector(`:scope > .${word}`)?.remove();
    if (isTicked) place.append(makeTick(word, word));
  }

  // "3 of 9 chapters finished, 11 of 30 exercises solved. Go on with 4. Styling."
  const list = [...document.querySelectorAll("article ol")].find((one) =>
    links.some((link) => one.contains(link)),
  );
  const place = element("p", "place");
  list?.before(place);

  function showPlace() {
    if (!list) return;
    const chapters = links.filter((link) => list.contains(link));
    const counts = new Map(chapters.map((link) => [link, count(numberOf(link.href))]));
    const sum = (name) => [...counts.values()].reduce((total, one) => total + one[name], 0);
    const done = chapters.filter((link) => finished.has(numberOf(link.href))).length;
    const solved = sum("solved");
    const isOpen = (link) => {
      const { solved, all } = counts.get(link);
      return !finished.has(numberOf(link.href)) && !(all && solved === all);
    };
    const open = chapters.filter(isOpen);
    // Who has begun somewhere goes on there.
    const first = open.find((link) => counts.get(link).solved) ?? open[0];
    for (const link of chapters) link.parentElement.classList.toggle("next", link === first);
    place.hidden = !done && !solved;
    const facts = [];
    if (done) facts.push(`${done} of ${chapters.length} chapters finished`);
    if (solved) facts.push(`${solved} of ${sum("all")} exercises solved`);
    place.textContent = `${facts.join(", ")}.`;
    if (!first) return;
    const title = `${Number(numberOf(first.href))}. ${first.textContent}`;
    const next = element("a", "", title);
    next.href = first.href;
    place.append(" Go on with ", next, ".");
    const start = document.querySelector(".actions .start");
    if (start && !place.hidden) {
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
      write(FINISHED, [...finished].sort());
      show();
    });
  }

  function show() {
    box.checked = finished.has(number);
    showTicks();
    showExercises();
    showPlace();
  }

  function update() {
    read();
    show();
  }

  update();
  addEventListener("exercises", ({ detail }) => {
    exercises = detail; // from the terminal
    write(EXERCISES, exercises);
    show();
  });
  addEventListener("storage", update); // another tab
  addEventListener("pageshow", update); // the browser's Back
})();
