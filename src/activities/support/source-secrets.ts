import { dirname, resolve } from 'node:path';
import type { ConfigFile } from '../../config/file/config-file.ts';
import { pathBeside } from '../../config/file/remote-files.ts';
import { secretValues } from '../../config/secrets/secrets.ts';
import type { SourceConfig } from '../../config/schema/source-schemas.ts';
import { createRedactor, type Redact } from '../../domain/secrets/redact.ts';
import { createSecretMask, type SecretMask } from '../../domain/secrets/secret-mask.ts';
import type { SourceTools } from '../../sources/open-source.ts';
import { createBodyCopies } from '../../store/run/body-copies.ts';
import type { Uses } from './dependencies.ts';

/** What a redactor is made of. */
export type SecretAccess = Uses<'config' | 'lookUp' | 'http'>;

/** What adapters are made of. */
export type AdapterAccess = Uses<
  'http' | 'readers' | 'objects' | 'modules' | 'schemas' | 'compute' | 'config' | 'fileProgress' | 'feedItems' | 'store'
>;

/** What adapters need from the worker. */
export function sourceTools(source: string, dependencies: AdapterAccess): SourceTools {
  const { http, readers, objects, modules, schemas, compute, config, fileProgress, feedItems, store } = dependencies;
  return {
    http,
    readers,
    objects,
    modules,
    schemas,
    compute,
    progress: { read: (name) => fileProgress.read(source, name) },
    feedItems: { read: (name) => feedItems.read(source, name) },
    copies: (run) => createBodyCopies(store, source, run),
    resolvePath: (path) => resolve(dirname(config.file), path),
    resolveFile: (path) => pathBeside(config.file, path),
  };
}

/** Hides a source's secrets in what a workflow carries between fetches, and puts them back. */
export function secretMaskFor(name: string, access: SecretAccess): SecretMask {
  const source = configuredSource(access, name);
  return createSecretMask(source ? secretValues(source, access.lookUp) : []);
}

/** The last redactor of each source: a run continues when its source is removed from the file. */
const lastKnown = new WeakMap<ConfigFile, Map<string, Redact>>();

/** Removes from messages every present and former secret of the source's configuration. */
export function redactorFor(name: string, access: SecretAccess): Redact {
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

function configuredSource({ config }: SecretAccess, name: string): SourceConfig | null {
  return config.current().config.sources.find((source) => source.name === name) ?? null;
}
