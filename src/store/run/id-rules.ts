import { DamagedFile } from '../../domain/errors.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { storePaths } from '../paths/paths.ts';
import { hasFields, parseStoredJson, storedJson } from '../blobs/stored-json.ts';

/** By which `id` a source's records were given new ids: what was written earlier, such as an archive, has the former ones. */
export interface IdRule {
  /** The expressions of `id`. */
  readonly id: readonly string[];
  /** Concerns records stored before it, whatever ids they had. By the clock of PostgreSQL; ISO 8601. */
  readonly before: string;
  /** Whether all of them are moved; else the command was interrupted, and has to be repeated. */
  readonly done: boolean;
  /** Of a rule that is not done: the one that it replaces. Absent = there was none. */
  readonly former?: IdRule;
}

/**
 * Null if no command has given the source's records new ids.
 * @throws DamagedFile; it stays in its place: without it runs would store its records again
 */
export async function readIdRule(store: BlobStore, source: string): Promise<IdRule | null> {
  const path = storePaths.idRule.build({ source });
  const content = await store.get(path);
  if (content === null) return null;
  const parsed = parseStoredJson(content, 'the id rule of a source', isIdRule);
  if (parsed.ok) return parsed.value;
  throw new DamagedFile(
    `store: ${path} ${parsed.problem}; restore it from a backup, or pause ${source}, delete the file, and run ./daybook rekey ${source} with the \`id\` of its last rekey`,
  );
}

export async function writeIdRule(store: BlobStore, source: string, rule: IdRule): Promise<void> {
  await store.put(storePaths.idRule.build({ source }), storedJson(rule, 2));
}

export async function deleteIdRule(store: BlobStore, source: string): Promise<void> {
  await store.delete(storePaths.idRule.build({ source }));
}

/** Sources of which there is a rule. */
export async function ruledSources(store: BlobStore): Promise<string[]> {
  const paths = await store.list(storePaths.idRule.folder({}));
  return paths.flatMap((path) => storePaths.idRule.parse(path)?.source ?? []);
}

/** The rules of sources, where there are any. @throws DamagedFile */
export async function readIdRules(store: BlobStore, sources: readonly string[]): Promise<ReadonlyMap<string, IdRule>> {
  const rules = new Map<string, IdRule>();
  for (const source of sources) {
    const rule = await readIdRule(store, source);
    if (rule) rules.set(source, rule);
  }
  return rules;
}

function isIdRule(value: unknown): value is IdRule {
  if (!hasFields(value, { before: 'time', done: 'boolean' })) return false;
  const { id, former } = value as IdRule;
  return (
    Array.isArray(id) &&
    id.length > 0 &&
    id.every((one) => typeof one === 'string') &&
    (former === undefined || isIdRule(former))
  );
}
