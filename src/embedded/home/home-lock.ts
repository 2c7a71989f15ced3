import { readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DaybookError } from '../../domain/errors.ts';
import { createWhole, replaceFile } from './durable-file.ts';
import { identityText, isCopied, parseIdentity } from './identity-text.ts';
import { isAlive, type ProcessIdentity } from '../processes/process-identity.ts';
import { Takeover } from './takeover.ts';

/** Another `up` runs in this home. */
class AlreadyRunning extends DaybookError {
  readonly type = 'AlreadyRunning';
  readonly next = 'never';
}

/** The file that says which process has a home. */
export class HomeLock {
  readonly #file: string;
  readonly #lookAround: () => ProcessIdentity | null;
  #isTaken = false;

  /** @param lookAround finds who has the home by other signs, where the file is damaged */
  constructor(file: string, lookAround: () => ProcessIdentity | null) {
    this.#file = file;
    this.#lookAround = lookAround;
  }

  /**
   * Takes the home for this process. Of two that try at the same moment one fails.
   * @throws AlreadyRunning if another process that lives has it
   */
  take(): void {
    for (let tries = 1; tries <= 3; tries++) {
      const holder = this.holder();
      if (holder) {
        throw new AlreadyRunning(
          `embedded: a stack already runs in ${dirname(this.#file)} (process ${holder.pid}); stop it with Ctrl-C there, or: kill ${holder.pid}`,
        );
      }
      this.#isTaken = this.#replaceStale();
      if (this.#isTaken) return;
    }
    throw new AlreadyRunning(
      `embedded: another process is starting a stack in ${dirname(this.#file)}; try again in a moment`,
    );
  }

  /** The process that has the home, if it is another one and alive. */
  holder(): ProcessIdentity | null {
    const text = this.#text();
    return text === null ? null : this.#livingIn(text);
  }

  #livingIn(text: string): ProcessIdentity | null {
    // The process that has the home of which this one is a copy.
    if (isCopied(text, dirname(this.#file))) return null;
    const holder = parseIdentity(text) ?? this.#lookAround();
    return holder && holder.pid !== process.pid && isAlive(holder) ? holder : null;
  }

  /** Writes the file again where it is gone or damaged although this process has the home; tells whether it was. */
  keep(): boolean {
    if (!this.#isTaken || parseIdentity(this.#text() ?? '') !== null) return false;
    replaceFile(this.#file, identityText(dirname(this.#file)));
    return true;
  }

  release(): void {
    if (this.#isTaken) rmSync(this.#file, { force: true });
    this.#isTaken = false;
  }

  /** Processes that find a dead process's file replace it one at a time: else one could remove what another has just written. */
  #replaceStale(): boolean {
    return new Takeover(this.#file).run(() => {
      const text = this.#text();
      if (text !== null && this.#livingIn(text) !== null) return false;
      if (text !== null) rmSync(this.#file, { force: true });
      return createWhole(this.#file, identityText(dirname(this.#file)));
    });
  }

  #text(): string | null {
    try {
      return readFileSync(this.#file, 'utf8');
    } catch {
      return null;
    }
  }
}
