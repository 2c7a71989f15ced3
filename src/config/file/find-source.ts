import { UnknownSource } from '../../domain/errors.ts';
import type { Config } from './parse-config.ts';
import type { SourceConfig } from '../schema/source-schemas.ts';
import { suggestKey } from '../hints/suggestion.ts';

/** @throws UnknownSource with the nearest name that the configuration has */
export function findSource(config: Config, name: string): SourceConfig {
  const source = config.sources.find((candidate) => candidate.name === name);
  if (source) return source;
  throw unknownName(
    name,
    config.sources.map((candidate) => candidate.name),
  );
}

/** The same for a name that is looked for among others. @throws UnknownSource */
export function requireName(name: string, names: readonly string[]): void {
  if (!names.includes(name)) throw unknownName(name, names);
}

function unknownName(name: string, names: readonly string[]): UnknownSource {
  const nearest = suggestKey(name, names);
  const expected = nearest === null ? `one of: ${names.join(', ')}` : `"${nearest}"?`;
  return new UnknownSource(
    `config: no source "${name}", ${nearest === null ? 'expected' : 'did you mean'} ${expected}`,
  );
}
