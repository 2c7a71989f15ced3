// Who is compared. Each gets a fresh database with the partitions that it needs, and a folder.
import { ownRoot } from '../support/revision.js';
import { dsn } from './database.js';
import { fileSources, apiSources, runProduct } from './product.js';
import { isAvailable, runPython } from './python.js';
import { runWritersOf } from './run-writers.js';

/**
 * `index` says when payloads are indexed; `table` is where rows are that are not in Daybook's own. `records` is how many
 * it reads where those are not all that the files have.
 * @param only names of those that are wanted, of all revisions; null for all
 */
export function candidatesOf({ revisions, files, distinct, origin, temporal, only, say }) {
  const candidates = [
    ...others(files),
    ...revisions.flatMap((revision) => ownOf(revision, revisions.length > 1, { files, distinct, origin, temporal })),
  ];
  const names = [...new Set(candidates.map(baseName))];
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`bench: found --only ${unknown}, expected ${names.join(', ')}`);
  return candidates.filter((candidate) => {
    if (only !== null && !only.includes(baseName(candidate))) return false;
    return candidate.needs === undefined || isAvailable(candidate.needs, say);
  });
}

/** The same of all revisions. */
function baseName({ name }) {
  return name.split('@')[0];
}

/** What people use, and what the server can do at most. */
function others(files) {
  const pairs = [...files].map(([source, file]) => `${source}=${file}`);
  const script = (name, args, needs = 'psycopg2-binary') => ({
    name: name.replace('.py', ''),
    root: ownRoot,
    needs,
    run: (settings, place) => runPython(needs, name, args(settings, place)),
  });
  const copy = (sessions) => ({
    ...script('copy_ledger.py', (settings) => [dsn(settings), String(sessions), ...pairs]),
    name: `copy_ledger_${sessions}`,
  });
  return [
    script('row_by_row.py', (settings, place) => [dsn(settings), place, ...pairs]),
    script('execute_values.py', (settings, place) => [dsn(settings), place, ...pairs]),
    {
      ...script(
        'target_postgres.py',
        (settings, place) => [dsn(settings), place, ...pairs],
        'meltanolabs-target-postgres',
      ),
      table: 'bench_target.records',
    },
    {
      ...script('dlt_merge.py', (settings, place) => [dsn(settings), place, ...pairs], 'dlt[postgres]'),
      table: 'bench_dlt.records',
    },
    copy(1),
    copy(2),
  ];
}

/** What is measured of a revision of Daybook. */
function ownOf({ name: revision, root }, isNamed, { files, distinct, origin, temporal }) {
  const mark = isNamed ? `@${revision}` : '';
  const product = (name, sources, options = {}) => ({
    name: `${name}${mark}`,
    root,
    index: options.index,
    records: options.records,
    again: options.again,
    run: (settings, place) => runProduct(root, { settings, temporal, place, sources, again: options.again }),
  });
  const api = apiSources(files, origin);
  return [
    { name: `writers${mark}`, root, run: (settings, place) => runWritersOf(root, settings, place, files) },
    product('file', fileSources(files)),
    product('file_sealed', fileSources(files), { index: 'sealed' }),
    product('file_none', fileSources(files), { index: 'none' }),
    product('api', api, { records: distinct }),
    product('api_unchanged', api, { records: distinct, again: 'same_store' }),
    product('api_known', api, { records: distinct, again: 'new_store' }),
  ];
}
