import { UnknownSource } from '../domain/errors.ts';
import type { Config } from './parse-config.ts';
import type { SourceConfig } from './source-schemas.ts';
import { suggestKey } from './suggestion.ts';

/** @throws UnknownSource with the nearest name that the configuration has */
export function findSource(config: Config, name: string): SourceConfig {
  const source = config.sources.find((candidate) => candidate.name === name);
  if (source) return source;
  const names = config.sources.map((candidate) => candidate.name);
  const nearest = suggestKey(name, names);
  const expected = nearest === null ? `one of: ${names.join(', ')}` : `"${nearest}"?`;
  throw new UnknownSource(
    `config: found no source "${name}", ${nearest === null ? 'expected' : 'did you mean'} ${expected}`,
  );
}
