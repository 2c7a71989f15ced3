import { randomBytes } from 'node:crypto';

/** How many characters of a secret are searched for: truncated secrets are found too. */
const windowLength = 9;

/** Random secrets that are found again wherever they, or parts of them, were written. */
export class Secrets {
  readonly #parts = new Map<string, string>();

  /** A secret of characters that URLs, JSON and base64 encode. */
  awkward(name: string): string {
    return `${this.plain(name)}/+&"=${this.plain(`${name} (its end)`)}`;
  }

  /** One that is valid in a host name. */
  plain(name: string): string {
    const text = `q${randomBytes(8).toString('hex')}`;
    this.#parts.set(name, text);
    return text;
  }

  /** Names of the secrets that a text holds, as they are or within base64, with what is around them. */
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
