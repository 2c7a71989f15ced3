import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { createWhole } from './durable-file.ts';
import { identityText, parseIdentity } from './identity-text.ts';
import { isAlive } from '../processes/process-identity.ts';

/**
 * Lets one process at a time work on a file. Each writes a file with the next number beside it, which names the process.
 * A number that a kill left behind is passed, never removed by who waits: what was removed by its name might be another's.
 * No clock is asked.
 */
export class Takeover {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** Returns what the work returned; false = another process is at it. */
  run(work: () => boolean): boolean {
    const last = this.#numbers().reduce((most, number) => Math.max(most, number), 0);
    if (last > 0 && this.#isHeld(last)) return false;
    if (!createWhole(this.#path(last + 1), identityText(dirname(this.#file)))) return false;
    try {
      return work();
    } finally {
      // Its own goes last: until then others see that someone is at it.
      for (const number of this.#numbers().filter((other) => other <= last + 1)) {
        rmSync(this.#path(number), { force: true });
      }
    }
  }

  #path(number: number): string {
    return `${this.#file}.takeover-${number}`;
  }

  #numbers(): number[] {
    const start = `${basename(this.#file)}.takeover-`;
    return readdirSync(dirname(this.#file))
      .filter((name) => name.startsWith(start) && /^\d{1,9}$/.test(name.slice(start.length)))
      .map((name) => Number(name.slice(start.length)))
      .sort((a, b) => a - b);
  }

  #isHeld(number: number): boolean {
    try {
      const holder = parseIdentity(readFileSync(this.#path(number), 'utf8'));
      return holder !== null && isAlive(holder);
    } catch {
      // It was removed in this moment: its process has just done the work.
      return true;
    }
  }
}
