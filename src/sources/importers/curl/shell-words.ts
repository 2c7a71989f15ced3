import { UsageError } from '../../../domain/errors.ts';

/** What ends a command. `&` alone is part of an address that was not quoted. */
const operator = /(?:\|\|?|&&|;|>>?|<|&(?=\s|$))/y;
const name = /\$(?:\{(?:env:)?([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/y;
const substitution = /\$\(|`/y;
const brace = /\$\{[^}]*\}?/y;
/** A line that continues; a space after the backslash is a common mistake. */
const lineEnd = /\\[ \t]*\r?\n/y;
/** Escapes of `$'…'`. */
const controls: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  e: '\x1b',
  E: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};
const code = /\\(?:x([\da-fA-F]{1,2})|u([\da-fA-F]{1,4})|U([\da-fA-F]{1,8})|([0-7]{1,3}))/y;

/**
 * The words of a command as a POSIX shell reads them, up to the first pipe, redirection or next command. A variable becomes
 * `${env:NAME}`.
 * @throws UsageError for a quote that is not closed, and for what only a shell can run
 */
export function shellWords(text: string): string[] {
  const words: string[] = [];
  const reader = new Reader(text.trim());
  for (let word = reader.next(); word !== null; word = reader.next()) words.push(word);
  return words;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  next(): string | null {
    this.#skipSpace();
    if (this.#at >= this.#text.length || this.#take(operator) !== null) return null;
    let word = '';
    while (this.#at < this.#text.length && !this.#isAt(/[\s]/y) && !this.#isAt(operator)) word += this.#part();
    return word;
  }

  #skipSpace(): void {
    while (this.#take(lineEnd) !== null || this.#take(/\s+/y) !== null || this.#take(/#[^\n]*/y) !== null);
  }

  #part(): string {
    const { [this.#at]: character = '' } = this.#text;
    if (character === "'") return this.#quoted();
    if (character === '"') return this.#inDouble();
    if (this.#take(/\$(?=['"])/y) !== null) return this.#text[this.#at] === "'" ? this.#inDollar() : this.#inDouble();
    if (this.#take(lineEnd) !== null) return '';
    const escaped = this.#take(/\\([\s\S])/y);
    if (escaped !== null) return escaped[1] ?? '';
    return this.#variable() ?? this.#one();
  }

  #quoted(): string {
    const end = this.#text.indexOf("'", this.#at + 1);
    if (end === -1) throw notClosed("'");
    const content = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return content;
  }

  #inDouble(): string {
    this.#at++;
    let content = '';
    while (this.#at < this.#text.length) {
      if (this.#take(/"/y) !== null) return content;
      if (this.#take(/\\\r?\n/y) !== null) continue;
      const escaped = this.#take(/\\(["\\$`])/y);
      content += escaped === null ? (this.#variable() ?? this.#one()) : (escaped[1] ?? '');
    }
    throw notClosed('"');
  }

  #inDollar(): string {
    this.#at++;
    let content = '';
    while (this.#at < this.#text.length) {
      if (this.#take(/'/y) !== null) return content;
      const coded = this.#take(code);
      if (coded) {
        const [, hex, short, long, octal] = coded;
        const digits = hex ?? short ?? long;
        content += characterOf(digits === undefined ? parseInt(octal ?? '0', 8) : parseInt(digits, 16));
        continue;
      }
      const escaped = this.#take(/\\([\s\S])/y);
      content += escaped === null ? this.#one() : (controls[escaped[1] ?? ''] ?? escaped[1] ?? '');
    }
    throw notClosed("$'");
  }

  #variable(): string | null {
    if (this.#isAt(substitution)) {
      throw new UsageError(
        '--curl: found a command within the command, expected its result, or a variable such as $TOKEN',
      );
    }
    const found = this.#take(name);
    if (found) return `\${env:${found[1] ?? found[2] ?? ''}}`;
    const other = this.#take(brace);
    if (other) throw new UsageError(`--curl: found ${other[0]}, expected a variable such as $TOKEN`);
    return null;
  }

  #one(): string {
    const character = this.#text[this.#at] ?? '';
    this.#at++;
    return character;
  }

  #isAt(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    return pattern.test(this.#text);
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found) this.#at = pattern.lastIndex;
    return found;
  }
}

function characterOf(point: number): string {
  return point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd';
}

function notClosed(quote: string): UsageError {
  return new UsageError(`--curl: found a ${quote} that is not closed, expected the whole command in quotes of its own`);
}
