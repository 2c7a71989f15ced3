// npm run bench -- chain [--batches 100] [--events 100] [--against REV] [--json]: one run of many segments (continue-as-new), with
// time, events and the worker's memory by segment. The server asks for a new segment after so many events, where it usually does
// after 4,096: the chain is as long as a run of 40 times as many batches.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertKnown, has, numberOf } from '../support/arguments.js';
import { startRun } from '../support/direct-start.js';
import { segmentsOf, timeOf } from '../support/history.js';
import { LoadWatch, machine } from '../support/machine.js';
import { MemoryWatch } from '../support/memory.js';
import { partsOf } from '../support/processor-time.js';
import { withRevisions } from '../support/revisions.js';
import { RunningProduct } from '../support/running-product.js';
import { say } from '../support/say.js';
import { rounded } from '../support/statistics.js';
import { table } from '../support/table.js';
import { pageRecords, startPagesOrigin } from './pages-origin.js';
import { pathWithShortHistories } from './short-histories.js';

/** @param args what follows `chain` on the command line */
export async function benchChain(args) {
  assertKnown(args, ['--batches', '--events', '--against', '--json']);
  const batches = numberOf(args, '--batches', 100);
  const events = numberOf(args, '--events', 100);
  const folder = mkdtempSync(join(tmpdir(), 'daybook-bench-'));
  try {
    const path = await pathWithShortHistories(folder, events, say);
    const results = await withRevisions(args, say, async (revisions) => {
      const all = [];
      for (const revision of revisions) all.push(await measure(revision, batches, path));
      return all;
    });
    for (const result of results) report(result);
    if (has(args, '--json')) process.stdout.write(`${JSON.stringify({ machine: machine(), revisions: results })}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure({ name, root }, batches, path) {
  say(`starting ${name} …`);
  const load = new LoadWatch();
  const origin = await startPagesOrigin(batches);
  let product = null;
  let memory = null;
  try {
    product = await RunningProduct.start(root, chainConfig(origin.port), { PATH: path });
    const [worker] = partsOf(product.pid).worker;
    memory = new MemoryWatch(worker?.pid);
    const handle = await startRun(product.client, 'bench');
    const { csv, postgres } = await handle.result();
    memory.stop();
    load.note();
    const expected = batches * pageRecords;
    if (csv.written !== expected || postgres.written !== expected) {
      throw new Error(`bench: stored ${csv.written} and ${postgres.written} records, expected ${expected}`);
    }
    const segments = await segmentsOf(product.client, handle.workflowId, handle.firstExecutionRunId);
    return {
      revision: name,
      records: expected,
      load: load.text,
      peak_mb: memory.peakMb(),
      segments: segments.map((events) => segmentOf(events, memory)),
    };
  } finally {
    memory?.stop();
    await product?.stop();
    origin.close();
  }
}

function chainConfig(port) {
  return `version: 1\nsources:\n  - { name: bench, type: http_json, url: "http://127.0.0.1:${port}/", id: id, occurred_at: at, allow_private: true, paginator: page_number }\n`;
}

function segmentOf(events, memory) {
  const fromMs = timeOf(events[0]);
  const toMs = timeOf(events.at(-1));
  return {
    events: events.length,
    seconds: rounded((toMs - fromMs) / 1_000, 2),
    most_mb: memory.mostBetween(fromMs, toMs),
  };
}

function report({ revision, records, load, peak_mb: peak, segments }) {
  say(`\n${revision}: ${records} records in ${segments.length} segments, at most ${peak} MB, load ${load}`);
  const rows = segments.map(({ events, seconds, most_mb: most }, n) => [n + 1, events, seconds, most]);
  say(table(['segment', 'events', 'seconds', 'worker MB'], rows));
}
