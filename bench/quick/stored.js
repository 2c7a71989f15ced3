// What is stored, by key: in PostgreSQL, and in the journal.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';

/** How often each key is in the table: all of them once, unless rows are doubled. */
export async function rowsByKey(client) {
  const { rows } = await client.query('select source, source_id from raw_events');
  return countKeys(rows);
}

/** How often each key is in the journal. A version that is written again is no fault. */
export function linesByKey(folder) {
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.csv'));
  return countKeys(files.flatMap((name) => parse(readFileSync(join(folder, name)), { columns: true })));
}

function countKeys(rows) {
  const counts = new Map();
  for (const { source, source_id: id } of rows) {
    const key = `${source}/${id}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** What differs between the keys that must be stored and those that are; empty if nothing. */
export function faultsOf(what, expected, counts, { mayRepeat }) {
  const lost = [...expected].filter((key) => !counts.has(key));
  const foreign = [...counts.keys()].filter((key) => !expected.has(key));
  const doubled = mayRepeat ? [] : [...counts].filter(([, count]) => count > 1).map(([key]) => key);
  const found = { lost, doubled, unexpected: foreign };
  return Object.entries(found)
    .filter(([, keys]) => keys.length > 0)
    .map(([fault, keys]) => `${what}: ${keys.length} records ${fault}, e.g. ${keys.slice(0, 3).join(', ')}`);
}
