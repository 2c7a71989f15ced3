import type { ConfigFile } from '../../config/file/config-file.ts';
import type { Config } from '../../config/file/parse-config.ts';
import { canarySource } from '../../domain/names.ts';

/** All sources removed from the configuration, taken together: no source's name begins so. */
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
    const config = this.#config.lastGood();
    if (config !== this.#seen) {
      this.#seen = config;
      this.#names = new Set(config.sources.map(({ name }) => name));
    }
    return this.#names;
  }

  has(source: string): boolean {
    return source === canarySource || this.names().has(source);
  }

  of(source: string): string {
    return this.has(source) ? source : unconfigured;
  }
}
