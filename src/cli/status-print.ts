import { describeFailure, type CanaryReport } from '../domain/canary.ts';
import { rolloverNote } from '../worker/status/rollover.ts';
import type { SourceStatus, Status } from '../worker/status/status.ts';
import { formatTable, print, shorten } from './output.ts';

/** A status for people: a table of the sources, then what is wrong with each, since when and why. */
export function printStatus(status: Status, now: Date): void {
  const rows = status.sources.map((source) => [
    source.name,
    source.health,
    source.lastReceipt ? `${source.lastReceipt.outcome} ${distance(source.lastReceipt.finishedAt, now)} ago` : '-',
    source.nextRunAt === null ? '-' : `in ${distance(source.nextRunAt, now)}`,
    source.recordsToday === null ? '?' : String(source.recordsToday),
    source.watermark?.slice(0, 19).concat('Z') ?? '-',
  ]);
  print(formatTable(['source', 'health', 'last run', 'next run', 'today', 'watermark'], rows));
  const notes = [...status.sources.flatMap(notesOf), ...status.unconfigured.map(unconfiguredNote)];
  if (notes.length > 0) print(`\n${notes.join('\n')}`);
  const { partitions, stack, postgres, temporal, alerts } = status;
  print('');
  if (status.config !== null) {
    print(`config      is broken, runs go on with the last good one: ${shorten(status.config.broken, 200)}`);
  }
  if (stack && stack.missing.length > 0) {
    print(`stack       process ${stack.pid} runs it; being started again: ${stack.missing.join(', ')}`);
  }
  print(`PostgreSQL  ${postgres.reachable ? postgres.version : `cannot be reached: ${postgres.error}`}`);
  const ui = temporal.ui === null || !temporal.reachable ? '' : `, Web UI ${temporal.ui}`;
  print(`Temporal    ${temporal.reachable ? temporal.address : `cannot be reached: ${temporal.error}`}${ui}`);
  if (partitions.ahead !== null)
    print(`partitions  ${partitions.ahead} days ahead, oldest ${partitions.oldest ?? 'none'}`);
  const rollover = partitions.rollover && rolloverNote(partitions.rollover);
  if (rollover !== null) print(`rollover    ${rollover}`);
  if (status.canary) print(`canary      ${canaryText(status.canary, now)}`);
  for (const { pid, user, application, since } of postgres.longTransactions) {
    const who = `pid ${pid} of ${user}${application ? ` (${application})` : ''}`;
    print(`long reader ${who} has held raw_events since ${since}; it holds up retiring days`);
  }
  for (const alert of alerts)
    print(`alert       ${alert.name} ${alert.source} since ${alert.since}: ${shorten(alert.message, 160)}`);
}

function notesOf({ name, health, reason, since, paused, waiting }: SourceStatus): string[] {
  const notes: string[] = [];
  if (paused) {
    const until = paused.until === null ? '' : ` until ${paused.until}`;
    notes.push(
      `is paused${paused.by === null ? '' : ` by ${paused.by}`}${until}: ${paused.reason ?? 'no reason given'}`,
    );
  } else if (reason !== null && health !== 'deferred') {
    notes.push(`is ${health}${since === null ? '' : ` since ${since}`}: ${shorten(reason, 240)}`);
  }
  for (const { sink, batches, since: waits, reason: why } of waiting) {
    const what = batches === 1 ? '1 batch waits' : `${batches} batches wait`;
    notes.push(`${what} for ${sink} since ${waits}: ${shorten(why, 240)}`);
  }
  return notes.map((note) => `${name}: ${note}`);
}

function unconfiguredNote({ name, schedule, waiting }: Status['unconfigured'][number]): string {
  const parts = [
    ...(schedule === null ? [] : [`its schedule is still there${schedule === 'paused' ? ', paused' : ''}`]),
    ...waiting.map(({ sink, batches, since }) => `batches that wait for ${sink} since ${since}: ${batches}`),
  ];
  const advice = schedule === null ? '' : '; ./daybook schedules apply --prune deletes it';
  return `${name} is no longer configured: ${parts.join('; ')}${advice}`;
}

function canaryText({ at, lagMs, error, succeededAt }: CanaryReport, now: Date): string {
  if (!error) return `came through ${distance(at, now)} ago, in ${((lagMs ?? 0) / 1000).toFixed(2)} s`;
  const before = succeededAt === null ? 'never before' : `the last time ${distance(succeededAt, now)} ago`;
  return `failed ${distance(at, now)} ago, came through ${before}: ${shorten(describeFailure({ step: error.step, error }), 240)}`;
}

const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
] as const;

/** How far a time is away, in one unit: `12s`, `3m`. */
function distance(time: string, now: Date): string {
  const seconds = Math.round(Math.abs(Date.parse(time) - now.getTime()) / 1000);
  const [unit, size] = units.find(([, length]) => seconds >= 2 * length) ?? ['s', 1];
  return `${Math.floor(seconds / size)}${unit}`;
}
