import type { BlobStore } from './blob-store.ts';
import { storePaths } from './paths.ts';
import { hasFields, readStoredJson, storedJson } from './stored-json.ts';

/** By which `id` a source's records were given new ids: what was put aside before, such as an archive, has the former ones. */
export interface IdRule {
  /** The expressions of `id`. */
  readonly id: readonly string[];
  /** Records that were stored before it are meant, whatever ids they had. By the clock of PostgreSQL; ISO 8601. */
  readonly before: string;
  /** Whether all of them are moved; else the command was cut off, and has to be repeated. */
  readonly done: boolean;
}

/** Null where no command has given the source's records new ids. */
export async function readIdRule(store: BlobStore, source: string): Promise<IdRule | null> {
  return readStoredJson(store, storePaths.idRule.build({ source }), 'how a source was given new ids', isIdRule);
}

export async function writeIdRule(store: BlobStore, source: string, rule: IdRule): Promise<void> {
  await store.put(storePaths.idRule.build({ source }), storedJson(rule, 2));
}

export async function deleteIdRule(store: BlobStore, source: string): Promise<void> {
  await store.delete(storePaths.idRule.build({ source }));
}

/** Those of all sources. */
export async function readIdRules(store: BlobStore): Promise<ReadonlyMap<string, IdRule>> {
  const rules = new Map<string, IdRule>();
  for (const path of await store.list(storePaths.idRule.folder({}))) {
    const source = storePaths.idRule.parse(path)?.source;
    const rule = source === undefined ? null : await readIdRule(store, source);
    if (source !== undefined && rule) rules.set(source, rule);
  }
  return rules;
}

function isIdRule(value: unknown): value is IdRule {
  if (!hasFields(value, { before: 'time', done: 'boolean' })) return false;
  const { id } = value as IdRule;
  return Array.isArray(id) && id.length > 0 && id.every((one) => typeof one === 'string');
}
