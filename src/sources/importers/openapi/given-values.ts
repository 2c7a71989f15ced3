import { UsageError } from '../../../domain/errors.ts';

/** Values that a user gave for parameters, as `--param name=value`. */
export class GivenValues {
  readonly #values = new Map<string, string[]>();
  readonly #unused = new Set<string>();

  /** @throws UsageError for one without a name */
  constructor(written: readonly string[]) {
    for (const text of written) {
      const at = text.indexOf('=');
      if (at < 1) throw new UsageError('--param: expected a name and a value, such as --param owner=octocat');
      const name = text.slice(0, at);
      this.#values.set(name, [...(this.#values.get(name) ?? []), text.slice(at + 1)]);
      this.#unused.add(name);
    }
  }

  /** Undefined if none was given. */
  take(name: string): readonly string[] | undefined {
    this.#unused.delete(name);
    return this.#values.get(name);
  }

  /** Names that no parameter has. */
  get unused(): readonly string[] {
    return [...this.#unused];
  }
}
