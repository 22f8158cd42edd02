// The shell's language: a line becomes a list of pipelines, or one sentence that says why not.
//
//   list      [{ operator: ";" | "&&" | "||", pipeline }]      (the operator before it)
//   pipeline  { negated, timed, commands: [command, …] }
//   command   { assignments: [{ name, value: word }], words: [word], redirections }
//   redirection { fd, kind: "read" | "write" | "append" | "copy" | "both", target: word }
//   word      { parts, start, end, open }     (open: the quote that is not closed, if partial)
//   part      { text, quoted } or { variable, quoted } or { list, quoted, open }
//
// What the language does not have is an error. Nothing is ever taken for something else.

export class LineError extends Error {
  /** unfinished: with another line typed after it, it could still become right. */
  constructor(message, unfinished = false) {
    super(message);
    this.unfinished = unfinished;
  }
}

const RESERVED = new Set(
  "if then else elif fi for while until do done case esac function select { } [[ ]] coproc".split(
    " ",
  ),
);
const ENDS_WORD = new Set(" \t\n;|&<>()");
/** What a letter stands for after a backslash, in $'…' and for echo. */
export const CONTROLS = {
  n: "\n",
  t: "\t",
  r: "\r",
  a: "\x07",
  b: "\b",
  e: "\x1b",
  E: "\x1b",
  f: "\f",
  v: "\v",
};
const ESCAPES = {
  ...CONTROLS,
  "\\": "\\",
  "'": "'",
  '"': '"',
  "?": "?",
};

/**
 * Return the list of pipelines. With `partial`, a line that is being typed does not have to be
 * complete: for completion.
 */
export function parse(line, { partial = false } = {}) {
  return new Parser(line.replace(/\r\n?/g, "\n"), partial).all();
}

/**
 * Whether more has to be typed before the line can run: an open quote, a `|` or `\` at its end.
 */
export function isUnfinished(line) {
  const parser = new Parser(line.replace(/\r\n?/g, "\n"), false);
  try {
    parser.all();
    return parser.continued;
  } catch (error) {
    if (error instanceof LineError) return error.unfinished;
    throw error;
  }
}

/** The text of a word that holds nothing to expand and no quotes, else null. */
export function plain(word) {
  return word?.parts.every((part) => part.text !== undefined && !part.quoted)
    ? word.parts.map((part) => part.text).join("")
    : null;
}

class Parser {
  constructor(text, partial) {
    this.text = text;
    this.partial = partial;
    this.at = 0;
    this.continued = false; // whether the last line ends with a backslash
  }

  all() {
    const list = this.list();
    if (this.at < this.text.length) throw new LineError("there is a ) without its (");
    return list;
  }

  get next() {
    return this.text[this.at];
  }

  take(text) {
    if (!this.text.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  newlineTaken() {
    if (!this.take("\\\n")) return false;
    this.continued = this.next === undefined;
    return true;
  }

  // Blanks, continued lines and comments; ends of lines too where a command may go on.
  skip(newlines = false) {
    for (;;) {
      if (this.next === " " || this.next === "\t" || (newlines && this.next === "\n")) this.at++;
      else if (this.next === "#") this.at = endOfLine(this.text, this.at);
      else if (!this.newlineTaken()) return;
    }
  }

  list() {
    const list = [];
    let operator = ";";
    for (;;) {
      this.skip(true);
      if (this.next === undefined || this.next === ")") {
        if (operator === ";" || this.partial) return list;
        throw new LineError(`a command is missing after ${operator}`, this.next === undefined);
      }
      list.push({ operator, pipeline: this.pipeline() });
      operator = this.operator();
      if (!operator) return list;
    }
  }

  operator() {
    for (const one of ["&&", "||", ";;", "\n", ";"]) {
      if (!this.take(one)) continue;
      if (one === ";;") throw new LineError(";; is not known here: there is no case");
      return one === "\n" ? ";" : one;
    }
    if (this.next !== "&") return null;
    throw new LineError("& is not known here: commands run one after the other");
  }

  pipeline() {
    const pipeline = { negated: false, timed: false, commands: [this.command()] };
    const first = pipeline.commands[0];
    while (!first.assignments.length && ["!", "time"].includes(plain(first.words[0]))) {
      const alone = first.words.length === 1;
      // While `time` is being typed, it is a word like any other.
      if (this.partial && alone && first.words[0].end === this.text.length) break;
      const word = plain(first.words.shift());
      if (word === "!") pipeline.negated = !pipeline.negated;
      else pipeline.timed = true;
    }
    this.check(first);
    while (this.next === "|" && this.text[this.at + 1] !== "|") {
      this.at++;
      if (this.next === "&") throw new LineError("|& is not known here: write 2>&1 |");
      this.skip(true);
      if (this.next === undefined && !this.partial) {
        throw new LineError("a command is missing after |", true);
      }
      pipeline.commands.push(this.command());
      this.check(pipeline.commands.at(-1));
    }
    return pipeline;
  }

  check({ words }) {
    const name = plain(words[0]);
    if (!RESERVED.has(name) || (this.partial && words[0].end === this.text.length)) return;
    throw new LineError(`${name} is not known here: type one command after the other`);
  }

  command() {
    const command = { assignments: [], words: [], redirections: [] };
    const begin = this.at;
    for (;;) {
      this.skip();
      const redirection = this.redirection();
      if (redirection) {
        command.redirections.push(redirection);
      } else if (this.next === "(") {
        throw new LineError("( is not known here: there are no functions and no groups");
      } else if (this.next === undefined || ENDS_WORD.has(this.next)) {
        break;
      } else {
        const word = this.word();
        const assignment = command.words.length ? null : toAssignment(word);
        if (assignment) command.assignments.push(assignment);
        else command.words.push(word);
      }
    }
    if (this.at === begin && !this.partial) {
      const found = this.text.slice(this.at).match(/^(\|\||&&|.)/s)?.[0] ?? "";
      const what = found === "\n" || !found ? "the end of the line" : found;
      throw new LineError(`a command is missing before ${what}`);
    }
    return command;
  }

  redirection() {
    if (this.text.startsWith("&>", this.at)) return this.both();
    return /^\d*[<>]/.test(this.text.slice(this.at, this.at + 20)) ? this.redirect() : null;
  }

  both() {
    this.at += 2;
    const kind = this.take(">") ? "append" : "write";
    return { fd: "both", kind, target: this.target("&>") };
  }

  redirect() {
    const [all, digits, operator] = this.text.slice(this.at).match(/^(\d*)([<>][<>&|(]?<?)/);
    const rest = { ">": "write", ">|": "write", ">>": "append", "<": "read", ">&": "copy" };
    const kind = rest[operator];
    if (!kind) {
      const why = operator.startsWith("<<") ? "give the text in a file" : "only files are";
      throw new LineError(`${operator} is not known here: ${why}`);
    }
    const fd = digits ? Number(digits) : kind === "read" ? 0 : 1;
    if (fd > 2 || (kind === "read") !== (fd === 0)) {
      throw new LineError(`${all} is not known here: only <, > and 2> are`);
    }
    this.at += all.length;
    const target = this.target(operator);
    if (kind !== "copy" || this.partial) return { fd, kind, target };
    const from = plain(target);
    if (from !== "1" && from !== "2") {
      throw new LineError(`${all} is known here with 1 and 2 alone, as in 2>&1`);
    }
    return { fd, kind, from: Number(from) };
  }

  target(operator) {
    this.skip();
    if (this.next !== undefined && !ENDS_WORD.has(this.next)) return this.word();
    if (this.partial && this.next === undefined) return null;
    throw new LineError(`a file name is missing after ${operator}`);
  }

  word() {
    const word = { parts: [], start: this.at, end: this.at, open: null };
    while (this.next !== undefined && !ENDS_WORD.has(this.next)) this.part(word);
    word.end = this.at;
    if (!this.partial) refuseBraces(word);
    return word;
  }

  part(word) {
    if (this.take("'")) {
      word.parts.push({ text: this.until("'", word), quoted: true });
    } else if (this.take('"')) {
      this.double(word);
    } else if (this.take("$'")) {
      word.parts.push({ text: this.escaped(word), quoted: true });
    } else if (this.newlineTaken()) {
      // The word goes on in the next line.
    } else if (this.take("\\")) {
      this.continued = this.next === undefined;
      if (this.continued) word.open = "\\";
      const text = this.continued ? "\\" : this.text[this.at++];
      if (!this.continued || !this.partial) word.parts.push({ text, quoted: true });
    } else if (this.next === "$") {
      this.dollar(word, false);
    } else {
      this.refuseBackticks();
      word.parts.push({ text: this.text[this.at++], quoted: false });
    }
  }

  unclosed(quote, word) {
    if (!this.partial) throw new LineError(`a quote is not closed: ${quote}`, true);
    word.open = quote;
  }

  until(quote, word) {
    const end = this.text.indexOf(quote, this.at);
    const text = this.text.slice(this.at, end < 0 ? undefined : end);
    if (end < 0) this.unclosed(quote, word);
    this.at = end < 0 ? this.text.length : end + 1;
    return text;
  }

  double(word) {
    word.parts.push({ text: "", quoted: true });
    while (!this.take('"')) {
      if (this.next === undefined) return this.unclosed('"', word);
      if (this.next === "$") {
        this.dollar(word, true);
        continue;
      }
      this.refuseBackticks();
      if (this.take("\\\n")) continue;
      if (this.next === "\\" && '$`"\\'.includes(this.text[this.at + 1] ?? " ")) this.at++;
      word.parts.push({ text: this.text[this.at++], quoted: true });
    }
    return undefined;
  }

  // $'…': the only quotes in which \n is the end of a line.
  escaped(word) {
    let text = "";
    while (!this.take("'")) {
      if (this.next === undefined) {
        this.unclosed("$'", word);
        return text;
      }
      if (this.next !== "\\") {
        text += this.text[this.at++];
        continue;
      }
      const [whole, code] = this.text.slice(this.at).match(ESCAPED) ?? ["\\", "\\"];
      this.at += whole.length;
      text += meaningOf(code);
    }
    return text;
  }

  refuseBackticks() {
    if (this.next === "`" && !this.partial) throw new LineError("` is not known here: write $(…)");
  }

  dollar(word, quoted) {
    this.at++;
    if (this.text.startsWith("((", this.at)) throw new LineError("$((…)) is not known here");
    if (this.take("(")) {
      const list = this.list();
      const open = !this.take(")");
      if (open && !this.partial) throw new LineError("a $( is not closed", true);
      word.parts.push({ list, quoted, open });
      return;
    }
    const [whole, braced, name] =
      this.text.slice(this.at).match(/^(?:\{([A-Za-z_]\w*|\?)\}|([A-Za-z_]\w*|\?))/) ?? [];
    if (whole) {
      word.parts.push({ variable: braced ?? name, quoted });
      this.at += whole.length;
    } else if (/[{\d@*#$!-]/.test(this.next ?? " ") && !this.partial) {
      const what = this.text.slice(this.at).match(/^(\{[^}]*\}?|.)/s)[0];
      throw new LineError(`$${what} is not known here: only $NAME, \${NAME}, $? and $(…) are`);
    } else if (quoted || this.next !== '"') {
      word.parts.push({ text: "$", quoted });
    }
  }
}

const ESCAPED = /^\\(x[\da-fA-F]{1,2}|u[\da-fA-F]{1,4}|U[\da-fA-F]{1,8}|[0-7]{1,3}|.)/s;

// What stands after a backslash, as the character it means.
function meaningOf(code) {
  if (code.length === 1 && !/[0-7]/.test(code)) return ESCAPES[code] ?? `\\${code}`;
  if (/[0-7]/.test(code[0])) return String.fromCharCode(parseInt(code, 8) & 255);
  const point = parseInt(code.slice(1), 16);
  return point > 0x10ffff ? "\ufffd" : String.fromCodePoint(point);
}

function endOfLine(text, from) {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

function toAssignment(word) {
  const text = unquotedBeginning(word);
  const [all, name, sum] = text.match(/^([A-Za-z_]\w*)(\+?)=/) ?? [];
  if (!all) return null;
  if (sum) throw new LineError(`${all} is not known here: write ${name}=… with all of it`);
  return { name, value: { ...word, parts: word.parts.slice(all.length) } };
}

// Unquoted text is a part for each character.
function unquotedBeginning({ parts }) {
  const end = parts.findIndex((part) => part.text === undefined || part.quoted);
  return parts
    .slice(0, end < 0 ? undefined : end)
    .map((part) => part.text)
    .join("");
}

export { toAssignment, unquotedBeginning };

function refuseBraces({ parts }) {
  const text = parts
    .map((part) => (part.quoted || part.text === undefined ? "\0" : part.text))
    .join("");
  if (!/\{[^{}]*(,|\.\.)[^{}]*\}/.test(text)) return;
  throw new LineError("{a,b} is not known here: write each word out, or put it in quotes");
}
