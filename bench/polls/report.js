// The table of polls.
import { median, quantile, rounded } from '../support/statistics.js';
import { table } from '../support/table.js';

/** Medians over all polls of a case; processor time is the median over the rounds. */
export function resultsOf(measuredByCase) {
  return [...measuredByCase].map(([{ name, title }, measurements]) => {
    const costs = measurements.flatMap((one) => one.costs);
    const middle = (valueOf) => median(costs.map(valueOf));
    const cpu = (part) => rounded(median(measurements.map(({ cpuMs }) => cpuMs[part])), 1);
    return {
      name,
      title,
      polls: costs.length,
      wall_ms: rounded(
        middle(({ wallMs }) => wallMs),
        1,
      ),
      wall_p90_ms: rounded(
        quantile(
          costs.map(({ wallMs }) => wallMs),
          0.9,
        ),
        1,
      ),
      cpu_ms: { worker: cpu('worker'), temporal: cpu('temporal'), postgres: cpu('postgres') },
      batches: measurements[0].batches,
      events: middle(({ events }) => events),
      activities: middle(({ activities }) => activities),
      actions: middle(({ actions }) => actions),
      heartbeats:
        measurements[0].heartbeats === null ? null : rounded(median(measurements.map((m) => m.heartbeats)), 1),
    };
  });
}

const head = [
  'case',
  'wall ms',
  'p90',
  'worker ms',
  'temporal ms',
  'postgres ms',
  'batches',
  'events',
  'activities',
  'actions',
  'heartbeats',
];

/** Prints a table of each revision, and of the last one's figures as shares of the first one's. */
export function reportPolls({ revisions, rounds, load }, say) {
  for (const { revision, cases, idle_cpu_ms_per_s: idle } of revisions) {
    say(`\n${revision}, ${rounds} rounds, load ${load}; per poll, processor time in ms:`);
    say(table(head, cases.map(rowOf)));
    say(
      `while nothing happens, ms a second: worker ${idle.worker}, temporal ${idle.temporal}, postgres ${idle.postgres}`,
    );
  }
  if (revisions.length < 2) return;
  const [before, after] = revisions;
  say(`\n${after.revision} as a share of ${before.revision}:`);
  const rows = after.cases.map((one, n) => ratioRow(one, before.cases[n]));
  say(table(['case', 'wall', 'p90', 'worker + temporal', 'postgres', 'events', 'activities', 'actions'], rows));
}

function rowOf({ title, wall_ms, wall_p90_ms, cpu_ms: cpu, batches, events, activities, actions, heartbeats }) {
  return [
    title,
    wall_ms,
    wall_p90_ms,
    cpu.worker,
    cpu.temporal,
    cpu.postgres,
    batches,
    events,
    activities,
    actions,
    heartbeats,
  ];
}

function ratioRow(after, before) {
  const both = ({ cpu_ms: { worker, temporal } }) => worker + temporal;
  const ratio = (valueOf) => (valueOf(before) > 0 ? (valueOf(after) / valueOf(before)).toFixed(2) : null);
  return [
    after.title,
    ratio(({ wall_ms }) => wall_ms),
    ratio(({ wall_p90_ms }) => wall_p90_ms),
    ratio(both),
    ratio(({ cpu_ms }) => cpu_ms.postgres),
    ratio(({ events }) => events),
    ratio(({ activities }) => activities),
    ratio(({ actions }) => actions),
  ];
}
