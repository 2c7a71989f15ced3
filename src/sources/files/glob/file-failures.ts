import { DaybookError, messageOf, SourceRefused, SourceUnavailable } from '../../../domain/errors.ts';

/** How many failures are described in words. */
const maxListed = 3;

/** Files of a glob that could not be read: the others are read first, then the run fails with them. */
export class FileFailures {
  readonly #told: DaybookError[] = [];
  #mayPass = false;
  #count = 0;

  get any(): boolean {
    return this.#count > 0;
  }

  /** @throws errors that are not failures of a file, but of the program */
  add(error: unknown): void {
    if (!(error instanceof DaybookError)) throw error;
    this.#count++;
    this.#mayPass ||= error.next === 'retry';
    if (this.#told.length < maxListed) this.#told.push(error);
  }

  /** One failure as it is; of more, how many and the first ones. To be tried again where one of them may pass. */
  toError(subject: string): DaybookError {
    const [first] = this.#told;
    if (first && this.#count === 1) return first;
    const more = this.#count > maxListed ? `; and ${this.#count - maxListed} more` : '';
    const message = `file: ${subject}: ${this.#count} files could not be read, the others were: ${this.#told.map(messageOf).join('; ')}${more}`;
    return this.#mayPass ? new SourceUnavailable(message) : new SourceRefused(message);
  }
}
