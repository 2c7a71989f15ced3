import { isDeepStrictEqual } from 'node:util';
import { isObject } from '../domain/is-object.ts';
import type { KeptConfig, LeftOut } from '../domain/plan/kept-config.ts';
import type { BlobStore } from './blobs/blob-store.ts';
import { storePaths } from './paths/paths.ts';
import { hasFields, parseStoredJson, readStoredJson, storedJson } from './blobs/stored-json.ts';

const what = 'a configuration';

/** The last good configuration of an instance; null if none was kept, or what was kept is damaged. */
export async function readKeptConfig(store: BlobStore, instance: string): Promise<KeptConfig | null> {
  return readStoredJson(store, storePaths.config.build({ instance }), what, isKeptConfig);
}

/**
 * Keeps a configuration as the last good one, unless it is that already.
 * @returns whether it was written
 */
export async function writeKeptConfig(
  store: BlobStore,
  instance: string,
  good: Omit<KeptConfig, 'savedAt'>,
  now: Date,
): Promise<boolean> {
  const path = storePaths.config.build({ instance });
  const content = await store.get(path);
  // A damaged one is useless, and is replaced.
  const present = content === null ? null : parseStoredJson(content, what, isKeptConfig);
  const kept: KeptConfig = { savedAt: now.toISOString(), ...good };
  // As it will be read: fields without a value are not written.
  if (
    present?.ok &&
    isDeepStrictEqual(present.value, JSON.parse(storedJson({ ...kept, savedAt: present.value.savedAt })))
  )
    return false;
  await store.put(path, storedJson(kept));
  return true;
}

function isKeptConfig(value: unknown): value is KeptConfig {
  if (!hasFields(value, { savedAt: 'time', file: 'string', config: 'object', schemas: 'object', modules: 'object' })) {
    return false;
  }
  const { config, schemas, modules, leftOut } = value as Record<string, unknown>;
  return (
    isObject(config) &&
    isListOf(config['sources'], isObject) &&
    [schemas, modules].every((texts) => Object.values(texts as object).every((text) => typeof text === 'string')) &&
    isListOf(leftOut, (one): one is LeftOut => hasFields(one, { source: 'string', reason: 'string' }))
  );
}

function isListOf(value: unknown, isMember: (member: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isMember);
}
