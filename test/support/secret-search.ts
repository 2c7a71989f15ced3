import { randomBytes } from 'node:crypto';

/** How many characters of a secret are searched for: truncated secrets are found too. */
const windowLength = 9;
/** Runs of the characters that secrets have, in lower case. */
const candidates = /[q0-9a-f]{9,}/g;

/** Random secrets that are found again wherever they, or parts of them, were written. */
export class Secrets {
  /** The name of each secret by each window of its characters: many secrets are searched for in one pass. */
  readonly #windows = new Map<string, string>();

  /** A secret of characters that URLs, JSON and base64 encode. */
  awkward(name: string): string {
    return `${this.plain(name)}/+&"=${this.plain(`${name} (its end)`)}`;
  }

  /** One that is valid in a host name. */
  plain(name: string): string {
    const text = `q${randomBytes(8).toString('hex')}`;
    for (let start = 0; start + windowLength <= text.length; start++)
      this.#windows.set(text.slice(start, start + windowLength), name);
    return text;
  }

  /** Names of the secrets that a text holds, as they are or within base64, with what is around them. */
  foundIn(text: string): string[] {
    const decoded = [text, ...base64Within(text)].join('\n').toLowerCase();
    const found = new Map<string, string>();
    for (const { 0: run, index } of decoded.matchAll(candidates)) {
      for (let start = 0; start + windowLength <= run.length; start++) {
        const name = this.#windows.get(run.slice(start, start + windowLength));
        if (name === undefined || found.has(name)) continue;
        const at = index + start;
        found.set(name, `${name}: …${decoded.slice(Math.max(0, at - 100), at + 60)}…`);
      }
    }
    return [...found.values()];
  }
}

/** What the base64 in a text stands for, wherever it begins. */
function base64Within(text: string): string[] {
  return [...text.matchAll(/[\w+/-]{16,}/g)].flatMap(([token]) =>
    [0, 1, 2, 3].map((from) => Buffer.from(token.slice(from), 'base64').toString('latin1')),
  );
}
