/** A value of a YAML text as a person sees it, also where the text is broken. */
export interface WrittenValue {
  /** Offsets of its text, quotes included. */
  readonly start: number;
  readonly end: number;
  /** The nearest key before it on its line, or in its list. */
  readonly key: string | null;
  /** Whether it is within `{ … }` or `[ … ]`. */
  readonly isInFlow: boolean;
}

interface Opened {
  readonly bracket: string;
  readonly at: number;
  readonly key: string | null;
}

/** Values of a YAML text; brackets within a value, such as `data[*]` and `${env:X}`, count as parts of it. */
export function writtenValues(text: string): readonly WrittenValue[] {
  return new Scanner(text).values();
}

/** Position of the outermost bracket that is never closed; null if there is none. */
export function unclosedBracket(text: string): number | null {
  const scanner = new Scanner(text);
  scanner.values();
  return scanner.opened;
}

class Scanner {
  readonly #text: string;
  readonly #values: WrittenValue[] = [];
  readonly #opened: Opened[] = [];
  /** Where the value began that is being read; -1 between values. */
  #start = -1;
  #key: string | null = null;
  #hasKey = false;

  constructor(text: string) {
    this.#text = text;
  }

  values(): readonly WrittenValue[] {
    let at = 0;
    while (at < this.#text.length) at = this.#start === -1 ? this.#between(at) : this.#within(at);
    this.#end(at);
    return this.#values;
  }

  get opened(): number | null {
    return this.#opened[0]?.at ?? null;
  }

  #between(at: number): number {
    const character = this.#text[at] ?? '';
    if (character === '\n' && this.#opened.length === 0) this.#forgetKey();
    if (/\s/.test(character)) return at + 1;
    if (character === '#') return lineEnd(this.#text, at);
    if (character === '-' && this.#opened.length === 0 && /\s/.test(this.#text[at + 1] ?? ' ')) return at + 1;
    if (character === ',' && this.#opened.length > 0) return this.#next(at);
    if (character === '[' || character === '{') {
      this.#opened.push({ bracket: character, at, key: this.#key });
      this.#hasKey = false;
      return at + 1;
    }
    if (character === ']' || character === '}') return this.#close(at);
    this.#start = at;
    return character === '"' || character === "'" ? closingQuote(this.#text, at) : this.#within(at);
  }

  #within(at: number): number {
    const character = this.#text[at] ?? '';
    const isInFlow = this.#opened.length > 0;
    if (character === '\n' && !isInFlow) return this.#end(at);
    if (character === '#' && /\s/.test(this.#text[at - 1] ?? '')) {
      this.#end(at);
      return lineEnd(this.#text, at);
    }
    if (character === ':' && !this.#hasKey && /[\s,\]}]|^$/.test(this.#text[at + 1] ?? '')) return this.#readKey(at);
    if (!isInFlow) return at + 1;
    if (character === ',') return this.#end(at);
    if (character === ']' || character === '}') return this.#end(at);
    return character === '[' || character === '{' ? closingBracket(this.#text, at) : at + 1;
  }

  #readKey(at: number): number {
    this.#key = this.#text.slice(this.#start, at).trim();
    this.#hasKey = true;
    this.#start = -1;
    return at + 1;
  }

  #next(at: number): number {
    this.#hasKey = false;
    this.#key = this.#opened.at(-1)?.key ?? null;
    return at + 1;
  }

  #close(at: number): number {
    const opened = this.#opened.pop();
    this.#key = opened?.key ?? null;
    this.#hasKey = this.#key !== null;
    return at + 1;
  }

  #end(at: number): number {
    if (this.#start !== -1) {
      const end = this.#start + this.#text.slice(this.#start, at).trimEnd().length;
      const key = this.#key?.replaceAll(/^["']|["']$/g, '') ?? null;
      this.#values.push({ start: this.#start, end, key, isInFlow: this.#opened.length > 0 });
    }
    this.#start = -1;
    return at;
  }

  #forgetKey(): void {
    this.#key = null;
    this.#hasKey = false;
  }
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
}

/** Behind the quote that closes; of one that is never closed the end of its line. */
function closingQuote(text: string, at: number): number {
  const pattern = text[at] === '"' ? /"(?:[^"\\]|\\.)*"/sy : /'(?:[^']|'')*'/y;
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : lineEnd(text, at);
}

/** Behind the bracket that closes; of one that is never closed on its line the next character. */
function closingBracket(text: string, at: number): number {
  const end = lineEnd(text, at);
  let depth = 0;
  for (let index = at; index < end; index++) {
    const character = text[index] ?? '';
    if (character === '[' || character === '{') depth++;
    if ((character === ']' || character === '}') && --depth === 0) return index + 1;
  }
  return at + 1;
}
