// npm run bench -- memory [--records 300000] [--against REV] [--json]: the worker's memory while one run reads a file of so many
// records. Flat memory shows as the same figure in each fifth of the run.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertKnown, has, numberOf } from '../support/arguments.js';
import { startRun } from '../support/direct-start.js';
import { LoadWatch, machine } from '../support/machine.js';
import { MemoryWatch } from '../support/memory.js';
import { partsOf } from '../support/processor-time.js';
import { withRevisions } from '../support/revisions.js';
import { RunningProduct } from '../support/running-product.js';
import { say } from '../support/say.js';
import { rounded } from '../support/statistics.js';
import { table } from '../support/table.js';
import { writeRecords } from './records.js';

const fifths = 5;

/** @param args what follows `memory` on the command line */
export async function benchMemory(args) {
  assertKnown(args, ['--records', '--against', '--json']);
  const records = numberOf(args, '--records', 300_000);
  const folder = mkdtempSync(join(tmpdir(), 'daybook-bench-'));
  try {
    const file = join(folder, 'records.ndjson');
    await writeRecords(file, records);
    const results = await withRevisions(args, say, async (revisions) => {
      const all = [];
      for (const revision of revisions) all.push(await measure(revision, file, records));
      return all;
    });
    say(`\n${table(['', ...results.map(({ revision }) => revision)], rowsOf(results))}`);
    if (has(args, '--json')) process.stdout.write(`${JSON.stringify({ machine: machine(), revisions: results })}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure({ name, root }, file, records) {
  say(`starting ${name} …`);
  const load = new LoadWatch();
  const config = `version: 1\nsources:\n  - { name: bench, type: file, path: ${JSON.stringify(file)}, id: id, occurred_at: at }\n`;
  const product = await RunningProduct.start(root, config);
  const [worker] = partsOf(product.pid).worker;
  const memory = new MemoryWatch(worker?.pid);
  try {
    const before = product.processorMs();
    const startedAtMs = Date.now();
    const handle = await startRun(product.client, 'bench');
    const { csv, postgres } = await handle.result();
    const endedAtMs = Date.now();
    load.note();
    const after = product.processorMs();
    if (csv.written !== records || postgres.written !== records) {
      throw new Error(`bench: stored ${csv.written} and ${postgres.written} records, expected ${records}`);
    }
    memory.stop();
    const step = (endedAtMs - startedAtMs) / fifths;
    const partMb = (n) => memory.mostBetween(startedAtMs + n * step, startedAtMs + (n + 1) * step);
    return {
      revision: name,
      records,
      load: load.text,
      seconds: rounded((endedAtMs - startedAtMs) / 1_000, 1),
      cpu_s: Object.fromEntries(
        ['worker', 'temporal', 'postgres'].map((part) => [part, rounded((after[part] - before[part]) / 1_000, 1)]),
      ),
      peak_mb: memory.peakMb(),
      mb_by_fifth: Array.from({ length: fifths }, (_, n) => partMb(n)),
    };
  } finally {
    memory.stop();
    await product.stop();
  }
}

function rowsOf(results) {
  const row = (title, valueOf) => [title, ...results.map(valueOf)];
  return [
    row('records', ({ records }) => records),
    row('seconds', ({ seconds }) => seconds),
    ...['worker', 'temporal', 'postgres'].map((part) => row(`processor s, ${part}`, ({ cpu_s: cpu }) => cpu[part])),
    row('peak of the worker, MB', (one) => one.peak_mb),
    ...Array.from({ length: fifths }, (_, n) => row(`most in fifth ${n + 1}, MB`, (one) => one.mb_by_fifth[n])),
    row('load', ({ load }) => load),
  ];
}
