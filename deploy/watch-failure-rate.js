// Watches writes after a deployment: ends with 1 as soon as more than the threshold of a sink's writes fail, or where there
// was nothing to see. Plain Node.
//   node deploy/watch-failure-rate.js --prometheus http://… [--minutes 5] [--threshold 0.01] [--selector 'namespace="x"']
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    prometheus: { type: 'string' },
    minutes: { type: 'string', default: '5' },
    threshold: { type: 'string', default: '0.01' },
    selector: { type: 'string', default: '' },
    // One failure among a few writes says nothing yet.
    'min-attempts': { type: 'string', default: '20' },
    'every-seconds': { type: 'string', default: '15' },
  },
});
if (!values.prometheus) {
  say('missing --prometheus, e.g. --prometheus http://prometheus:9090');
  process.exit(2);
}
const startedAt = Date.now();
const endsAt = startedAt + Number(values.minutes) * 60_000;
let attempts = new Map();
let failures = new Map();
let unreachable = '';

do {
  await sleep(Number(values['every-seconds']) * 1_000);
  // From the start of the watch, not from before: failures of the time before are not of this deployment.
  const seconds = Math.max(30, Math.round((Date.now() - startedAt) / 1_000));
  try {
    attempts = await increase('daybook_write_attempts_total', seconds);
    failures = await increase('daybook_write_failures_total', seconds);
    unreachable = '';
  } catch (error) {
    unreachable = error.cause?.message ?? error.message;
    continue;
  }
  for (const [sink, count] of attempts) {
    const failed = failures.get(sink) ?? 0;
    if (count < Number(values['min-attempts']) || failed / count <= Number(values.threshold)) continue;
    say(
      `${sink}: ${failed.toFixed(0)} of ${count.toFixed(0)} writes failed, expected at most ${values.threshold} of them`,
    );
    process.exit(1);
  }
} while (Date.now() < endsAt);

const seen = [...attempts].map(
  ([sink, count]) => `${sink} ${(failures.get(sink) ?? 0).toFixed(0)}/${count.toFixed(0)}`,
);
if (unreachable !== '' || ![...attempts.values()].some((count) => count > 0)) {
  say(unreachable === '' ? 'no writes in this time' : `${values.prometheus}: ${unreachable}`);
  process.exit(1);
}
process.stdout.write(`failed writes: ${seen.join(', ')}\n`);

/** How much a counter grew, by sink. */
async function increase(metric, seconds) {
  const query = `sum by (sink) (increase(${metric}{${values.selector}}[${seconds}s]))`;
  const url = new URL('/api/v1/query', values.prometheus);
  url.searchParams.set('query', query);
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  const { status, data, error } = await response.json();
  if (status !== 'success') throw new Error(error ?? `answered ${response.status}`);
  return new Map(data.result.map(({ metric: labels, value }) => [labels.sink ?? '', Number(value[1])]));
}

function say(message) {
  process.stderr.write(`watch: ${message}\n`);
}
