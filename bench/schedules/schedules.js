// npm run bench -- schedules [150] [--minutes 10] [--probe] [--against REV] [--json]: a stack of its own polls so many sources each minute.
// Says how many polls began, how late, and how many were skipped, what that cost, and what an operator waits for.
import { setTimeout as sleep } from 'node:timers/promises';
import { assertKnown, has, numberOf, positional } from '../support/arguments.js';
import { LoadWatch, machine } from '../support/machine.js';
import { withRevisions } from '../support/revisions.js';
import { RunningProduct } from '../support/running-product.js';
import { say } from '../support/say.js';
import { rounded } from '../support/statistics.js';
import { table } from '../support/table.js';
import { onceConfig, startOnceOrigin } from './once-origin.js';
import { measureOperator } from './operator.js';
import { startsBetween } from './starts.js';

const minute = 60_000;
/** How long is waited for the first polls. */
const firstPollsMs = 10 * minute;

/** @param args what follows `schedules` on the command line */
export async function benchSchedules(args) {
  assertKnown(args, ['--sources', '--minutes', '--probe', '--against', '--json']);
  const probe = has(args, '--probe');
  const count = Number(positional(args, ['--json', '--probe']) ?? numberOf(args, '--sources', 150));
  const minutes = numberOf(args, '--minutes', 10);
  const results = await withRevisions(args, say, async (revisions) => {
    const all = [];
    // One after the other: two that poll at once would be late because of each other.
    for (const revision of revisions) all.push(await measure(revision, { count, minutes, probe }));
    return all;
  });
  say(`\n${table(['', ...results.map(({ revision }) => revision)], rowsOf(results))}`);
  if (has(args, '--json')) process.stdout.write(`${JSON.stringify({ machine: machine(), revisions: results })}\n`);
}

async function measure({ name, root }, { count, minutes, probe }) {
  const load = new LoadWatch();
  const origin = await startOnceOrigin();
  let product = null;
  try {
    say(`starting ${name} with ${count} sources …`);
    product = await RunningProduct.start(root, onceConfig(origin.port, count, probe));
    const askedMs = Date.now();
    await origin.askedByAll(count, firstPollsMs);
    const firstPolls = (Date.now() - askedMs) / 1_000;
    // The first full minute after all schedules were made and have begun once.
    const fromMs = Math.ceil((Date.now() + minute / 2) / minute) * minute;
    const toMs = fromMs + minutes * minute;
    say(`from ${new Date(fromMs).toISOString()} for ${minutes} minutes`);
    await sleep(fromMs - Date.now());
    const before = product.processorMs();
    while (Date.now() < toMs) {
      await sleep(Math.min(10_000, toMs - Date.now()));
      load.note();
    }
    const after = product.processorMs();
    const operator = await measureOperator(product);
    // Late starts are waited for.
    await sleep(Math.max(0, toMs + minute / 2 - Date.now()));
    const starts = probe ? {} : await startsBetween(product.client, fromMs, toMs);
    return {
      revision: name,
      sources: count,
      minutes,
      load: load.text,
      up_s: rounded(product.upSeconds, 1),
      first_polls_s: rounded(firstPolls, 1),
      due: count * minutes,
      ...starts,
      ...origin.askedBetween(fromMs, toMs),
      cpu_s_per_minute: Object.fromEntries(
        ['worker', 'temporal', 'postgres', 'up'].map((part) => [
          part,
          rounded((after[part] - before[part]) / 1_000 / minutes, 2),
        ]),
      ),
      operator,
    };
  } finally {
    await product?.stop();
    origin.close();
  }
}

function rowsOf(results) {
  const row = (title, valueOf) => [title, ...results.map((result) => valueOf(result) ?? null)];
  const answer = (one) => (one.seconds === undefined ? `failed (${one.failed})` : one.seconds);
  const [{ operator }] = results;
  const isProbed = results[0].began === undefined;
  return [
    row('polls due', ({ due }) => due),
    ...(isProbed ? [] : startRows(row)),
    row('requests', ({ asked }) => asked),
    row('requests of a source, at least', (one) => one.asked_least),
    row('between two of a source, p50 s', (one) => one.gap_p50_s),
    row('between two of a source, p99 s', (one) => one.gap_p99_s),
    row('between two of a source, at most s', (one) => one.gap_max_s),
    ...['worker', 'temporal', 'postgres', 'up'].map((part) =>
      row(`processor s a minute, ${part}`, (one) => one.cpu_s_per_minute[part]),
    ),
    row('up until ready, s', (one) => one.up_s),
    row('then until all have been polled once, s', (one) => one.first_polls_s),
    ...Object.keys(operator).flatMap((name) => [
      row(`${name}, s`, (one) => answer(one.operator[name])),
      ...(operator[name].cpu_s === undefined ? [] : [row(`${name}, processor s`, (one) => one.operator[name].cpu_s)]),
    ]),
    row('metrics, bytes', (one) => one.operator.metrics.bytes),
    row('page, bytes', (one) => one.operator.page.bytes),
    row('load', ({ load }) => load),
  ];
}

function startRows(row) {
  return [
    row('polls begun', ({ began }) => began),
    row('skipped because the last one was open', (one) => one.overlap_skips),
    row('missed', (one) => one.missed_catchup_window),
    row('polls whose due time is known', (one) => one.due_known),
    row('late by, p50 s', (one) => one.delay_p50_s),
    row('late by, p99 s', (one) => one.delay_p99_s),
    row('late by, at most s', (one) => one.delay_max_s),
    row('more than 5 s late', (one) => one.later_than_5_s),
  ];
}
