import { dirname, resolve } from 'node:path';
import type { ConfigFile } from '../../config/file/config-file.ts';
import { secretValues } from '../../config/secrets/secrets.ts';
import type { SourceConfig } from '../../config/schema/source-schemas.ts';
import { createRedactor, type Redact } from '../../domain/secrets/redact.ts';
import { createSecretMask, type SecretMask } from '../../domain/secrets/secret-mask.ts';
import type { SourceTools } from '../../sources/open-source.ts';
import type { ActivityDependencies } from './dependencies.ts';

type Access = Pick<ActivityDependencies, 'config' | 'lookUp' | 'http'>;

/** What adapters need, from what the worker has. */
export function sourceTools(source: string, dependencies: ActivityDependencies): SourceTools {
  const { http, readers, modules, schemas, compute, config, fileProgress, feedItems } = dependencies;
  const folder = dirname(config.file);
  return {
    http,
    readers,
    modules,
    schemas,
    compute,
    progress: { read: (name) => fileProgress.read(source, name) },
    feedItems: { read: (name) => feedItems.read(source, name) },
    resolvePath: (path) => resolve(folder, path),
  };
}

/** Hides a source's secrets in what a workflow carries between fetches, and puts them back. */
export function secretMaskFor(name: string, access: Access): SecretMask {
  const source = configuredSource(access, name);
  return createSecretMask(source ? secretValues(source, access.lookUp) : []);
}

/** The last redactor of each source: a run goes on when its source is taken out of the file. */
const lastKnown = new WeakMap<ConfigFile, Map<string, Redact>>();

/** Takes out of messages every secret that the source's configuration leads to, or led to. */
export function redactorFor(name: string, access: Access): Redact {
  const known = lastKnown.get(access.config) ?? new Map<string, Redact>();
  lastKnown.set(access.config, known);
  const source = configuredSource(access, name);
  if (!source) return known.get(name) ?? createRedactor([]);
  const written = createRedactor(secretValues(source, access.lookUp));
  // Access tokens come and go while the redactor is in use.
  const redact: Redact = (text) => access.http.tokens.redact(written(text));
  known.set(name, redact);
  return redact;
}

function configuredSource({ config }: Access, name: string): SourceConfig | null {
  return config.current().config.sources.find((source) => source.name === name) ?? null;
}
