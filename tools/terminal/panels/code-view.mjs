// One text in CodeMirror, which is loaded when the first text is shown.

import { button, element } from "../view/elements.mjs";

const ESCAPED = 10_000; // milliseconds in which Tab leaves the editor after Escape
const PARSING = 500; // milliseconds

let attempts = 0;
let library;

/** A module that could not be loaded is tried again under another address: browsers remember. */
export function loadCodeMirror() {
  library ??= import(`../vendor/codemirror.mjs${attempts ? `?again=${attempts}` : ""}`).catch(
    (error) => {
      library = undefined;
      attempts += 1;
      throw error;
    },
  );
  return library;
}

export class CodeView {
  /** `typed` is called when the reader has changed the text, `left` when the focus has gone. */
  constructor(codemirror, parent, { typed, left }) {
    this.codemirror = codemirror;
    this.typed = typed;
    this.left = left;
    this.states = new Map(); // by path: with them comes back what can be undone
    this.scheme = new codemirror.Compartment();
    this.comparison = new codemirror.Compartment();
    this.fromDisk = codemirror.Annotation.define();
    this.view = new codemirror.EditorView({ parent });
    this.follow = () => this.view.dispatch({ effects: this.scheme.reconfigure(this.theme()) });
    this.observer = new MutationObserver(this.follow);
    this.observer.observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
  }

  close() {
    this.observer.disconnect();
    this.view.destroy();
  }

  get text() {
    return this.view.state.sliceDoc();
  }

  open(path, text) {
    if (this.path) this.states.set(this.path, this.view.state);
    this.path = path;
    const kept = this.states.get(path);
    this.view.setState(kept?.sliceDoc() === text ? kept : this.makeState(path, text));
    this.follow();
    // Else a line that is begun before CodeMirror has come so far is not indented.
    this.codemirror.forceParsing(this.view, this.view.state.doc.length, PARSING);
  }

  makeState(path, text) {
    const { EditorState, EditorView, keymap, ...the } = this.codemirror;
    const letTabLeave = () => {
      // Later than CodeMirror, which allows two seconds only.
      queueMicrotask(() => this.view.setTabFocusMode(ESCAPED));
      return false;
    };
    const update = ({ docChanged, transactions }) => {
      const isOurs = transactions.some((one) => one.annotation(this.fromDisk));
      if (docChanged && !isOurs) this.typed();
    };
    return EditorState.create({
      doc: text,
      extensions: [
        EditorState.lineSeparator.of(separatorOf(text)),
        the.lineNumbers(),
        the.highlightActiveLineGutter(),
        the.highlightSpecialChars(),
        the.history(),
        the.indentOnInput(),
        the.bracketMatching(),
        the.search({ top: true }),
        the.syntaxHighlighting(the.classHighlighter),
        path.endsWith(".py") ? [the.python(), the.indentUnit.of("    ")] : [],
        the.Prec.highest(keymap.of([{ key: "Escape", run: letTabLeave }])),
        keymap.of([
          the.indentWithTab,
          ...the.searchKeymap,
          ...the.historyKeymap,
          ...the.defaultKeymap,
        ]),
        EditorView.contentAttributes.of({
          "aria-label": path,
          autocapitalize: "off",
          tabindex: "0",
        }),
        EditorView.updateListener.of(update),
        EditorView.domEventHandlers({ blur: () => this.left() }),
        this.scheme.of(this.theme()),
        this.comparison.of([]),
      ],
    });
  }

  /** The colors are in panels.css; this is for what CodeMirror itself brings. */
  theme() {
    return this.codemirror.EditorView.theme({}, { dark: isDark() });
  }

  /** The file has changed on disk. Only what differs is touched, so that the cursor stays. */
  replace(text) {
    const { state } = this.view;
    if (state.sliceDoc() === text) return;
    if (separatorOf(text) !== state.lineBreak) {
      this.view.setState(this.makeState(this.path, text));
      return;
    }
    const [old, now] = [state.doc.toString(), state.toText(text).toString()];
    const shorter = Math.min(old.length, now.length);
    let start = 0;
    while (start < shorter && old[start] === now[start]) start += 1;
    let end = 0;
    while (end < shorter - start && old.at(-1 - end) === now.at(-1 - end)) end += 1;
    this.view.dispatch({
      changes: {
        from: start,
        to: old.length - end,
        insert: state.toText(now.slice(start, now.length - end)),
      },
      annotations: this.fromDisk.of(true),
    });
  }

  /** Show what differs from `original` between the lines; null: no longer. */
  compare(original) {
    const view =
      original === null
        ? []
        : this.codemirror.unifiedMergeView({
            original: this.view.state.toText(original),
            syntaxHighlightDeletions: false,
            mergeControls: (type, action) =>
              // To accept would change what is compared with, and no file.
              type === "reject"
                ? button("Put this back", action, { className: "put-chunk-back" })
                : element("span"),
          });
    this.view.dispatch({ effects: this.comparison.reconfigure(view) });
  }

  goToNextChange() {
    const { EditorView, goToNextChunk } = this.codemirror;
    goToNextChunk(this.view);
    const { head } = this.view.state.selection.main;
    this.view.dispatch({ effects: EditorView.scrollIntoView(head, { y: "center" }) });
  }

  goTo(number) {
    const { doc } = this.view.state;
    const line = doc.line(Math.max(1, Math.min(number, doc.lines)));
    this.view.dispatch({
      selection: { anchor: line.from },
      effects: this.codemirror.EditorView.scrollIntoView(line.from, { y: "start", yMargin: 40 }),
    });
  }

  focus() {
    this.view.focus();
  }
}

// Lines keep their ends. In a file with both kinds "\r" is a character like any other.
function separatorOf(text) {
  const ends = text.match(/\r?\n/g) ?? [];
  return ends.length && ends.every((end) => end === "\r\n") ? "\r\n" : "\n";
}

function isDark() {
  const scheme = document.body.dataset.mdColorScheme;
  return scheme ? scheme === "slate" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/** The line on which a dotted name such as "Command.handle" is defined in Python, or undefined. */
export function findSymbol(text, symbol) {
  const lines = text.split("\n");
  let from = 0;
  let outer = -1; // how far what holds the name is indented
  for (const name of symbol.split(".")) {
    const definition = new RegExp(`^\\s*(?:(?:(?:async +)?def|class) +${name}\\b|${name} *[:=])`);
    let found = -1;
    for (let index = from; index < lines.length; index += 1) {
      const indentation = lines[index].search(/[^\s)]/);
      if (indentation >= 0 && indentation <= outer) break; // its block is over
      if (definition.test(lines[index]) && (from || !indentation)) {
        found = index;
        outer = indentation;
        break;
      }
    }
    if (found < 0) return undefined;
    from = found + 1;
  }
  return from;
}
