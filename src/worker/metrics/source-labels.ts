import type { ConfigFile } from '../../config/config-file.ts';
import { ConfigProblems } from '../../config/problem.ts';
import type { Config } from '../../config/parse-config.ts';
import { canarySource } from '../../domain/names.ts';

/** What is not in the configuration any more, taken together: no source's name begins so. */
export const unconfigured = '_unconfigured';

/** Values of the label `source`: names of the configuration alone, so that there are never more series than it makes. */
export class SourceLabels {
  readonly #config: ConfigFile;
  #seen: Config | null = null;
  #names: ReadonlySet<string> = new Set();

  constructor(config: ConfigFile) {
    this.#config = config;
  }

  names(): ReadonlySet<string> {
    const config = this.#current();
    if (config && config !== this.#seen) {
      this.#seen = config;
      this.#names = new Set(config.sources.map(({ name }) => name));
    }
    return this.#names;
  }

  /** Null where the configuration was never good: counting must not fail the run that tells of it. */
  #current(): Config | null {
    try {
      return this.#config.current().config;
    } catch (error) {
      if (error instanceof ConfigProblems) return null;
      throw error;
    }
  }

  has(source: string): boolean {
    return source === canarySource || this.names().has(source);
  }

  of(source: string): string {
    return this.has(source) ? source : unconfigured;
  }
}
