// The table of throughput.
import { median, rounded } from '../support/statistics.js';
import { table } from '../support/table.js';

/** Who loses or doubles records is not compared. */
export function assertComplete({ name }, rows, distinct) {
  if (rows !== distinct) throw new Error(`bench: ${name} stored ${rows} rows, expected ${distinct}`);
}

/** Medians over the rounds; "+GIN" counts the indexing that was postponed. */
export function resultOf({ name, index, table: ownTable, again, records: own }, runs, all) {
  const records = own ?? all;
  // A pass over known records indexes nothing.
  const hasIndex = ownTable === undefined && index !== 'none' && again === undefined;
  const withGin = runs.map(({ seconds, ginSeconds }) => seconds + ginSeconds);
  const cpu = (part) =>
    runs[0].cpu_s?.[part] === undefined ? null : rounded(median(runs.map(({ cpu_s: used }) => used[part])), 1);
  return {
    name,
    rows_per_s: rounded(records / median(runs.map(({ seconds }) => seconds))),
    rows_per_s_gin: hasIndex ? rounded(records / median(withGin)) : null,
    cpu_s: { worker: cpu('worker'), temporal: cpu('temporal'), postgres: cpu('postgres') },
    seconds: runs.map(({ seconds }) => rounded(seconds, 3)),
  };
}

export function reportThroughput({ candidates, load, records, rounds }, say) {
  const base = candidates.find(({ name }) => name === 'row_by_row');
  const ratio = (value, of) => (value === null || !of ? null : (value / of).toFixed(1));
  const rows = candidates.map(({ name, rows_per_s: plain, rows_per_s_gin: gin, cpu_s: cpu }) => [
    name,
    plain,
    ratio(plain, base?.rows_per_s),
    gin,
    ratio(gin, base?.rows_per_s_gin),
    cpu.worker,
    cpu.temporal,
    cpu.postgres,
  ]);
  const head = ['candidate', 'rows/s', '× row', '+GIN', '× row', 'worker s', 'temporal s', 'postgres s'];
  say(`\n${records} records, ${rounds} rounds, load ${load}:\n${table(head, rows)}`);
}
