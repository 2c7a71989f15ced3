import { randomBytes } from 'node:crypto';

/** Characters of a secret that are sought: also what a cut has left of one is told. */
const windowLength = 9;

/** Random secrets, each of which is found again wherever it, or a part of it, was written. */
export class Secrets {
  readonly #parts = new Map<string, string>();

  /** A secret of characters that URLs, JSON and base64 write otherwise than they are. */
  awkward(name: string): string {
    return `${this.plain(name)}/+&"=${this.plain(`${name} (its end)`)}`;
  }

  /** One that may stand in a host name. */
  plain(name: string): string {
    const text = `q${randomBytes(8).toString('hex')}`;
    this.#parts.set(name, text);
    return text;
  }

  /** Names of the secrets that a text holds, as they are or within base64, with what stands around them. */
  foundIn(text: string): string[] {
    const decoded = [text, ...base64Within(text)].join('\n').toLowerCase();
    return [...this.#parts].flatMap(([name, part]) => {
      for (let start = 0; start + windowLength <= part.length; start++) {
        const at = decoded.indexOf(part.slice(start, start + windowLength));
        if (at !== -1) return [`${name}: …${decoded.slice(Math.max(0, at - 100), at + 60)}…`];
      }
      return [];
    });
  }
}

/** What the base64 in a text stands for, wherever it begins. */
function base64Within(text: string): string[] {
  return [...text.matchAll(/[\w+/-]{16,}/g)].flatMap(([token]) =>
    [0, 1, 2, 3].map((from) => Buffer.from(token.slice(from), 'base64').toString('latin1')),
  );
}
