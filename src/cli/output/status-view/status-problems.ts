import type { Alert } from '../../../domain/monitoring/alert.ts';
import { describeFailure, type CanaryReport } from '../../../domain/monitoring/canary.ts';
import { troubledFirst } from '../../../domain/monitoring/health.ts';
import { sourceSearchAttribute } from '../../../domain/names.ts';
import { warningLine } from '../../../domain/run/warning.ts';
import { rolloverNote } from '../../../status/rollover.ts';
import type { SourceStatus, Status } from '../../../status/status.ts';
import { distance } from './status-times.ts';
import { toneOfHealth } from './status-tones.ts';
import type { Tone } from '../terminal/terminal.ts';

/** One thing that status says, on a line of its own. */
export interface Note {
  readonly tone: Tone | null;
  /** What it is about, as it begins the line. */
  readonly about: string;
  readonly text: string;
}

/** Tells times in the room there is. */
type Clock = (time: string) => string;

/** Everything that is wrong, the worst first: servers and folders, sources, what is left of sources that are gone, alerts. */
export function problemsOf(status: Status, now: Date, at: Clock): Note[] {
  const sorted = [...status.sources].sort(troubledFirst);
  const shown = new Set(sorted.flatMap((source) => alertsShownBy(source, status.alerts)));
  return [
    ...surroundings(status, now),
    ...sorted.flatMap((source) => notesOf(source, status.alerts, at)),
    ...status.unconfigured.map((source) => unconfiguredNote(source, at)),
    ...status.alerts.filter((alert) => !shown.has(alert)).map((alert) => alertNote(alert, at)),
  ];
}

/** What is wrong around the sources. */
function surroundings(status: Status, now: Date): Note[] {
  const { config, stack, postgres, temporal, storage, partitions, canary, damaged } = status;
  const notes: Note[] = [];
  const bad = (about: string, text: string) => notes.push({ tone: 'bad', about: about.padEnd(labelColumns), text });
  if (config !== null) bad('config', `is broken; runs continue with the last good one: ${config.broken}`);
  if (stack && stack.missing.length > 0) {
    bad('stack', `process ${stack.pid}; restarting: ${stack.missing.join(', ')}`);
  }
  if (!postgres.reachable) bad('PostgreSQL', `cannot be reached: ${postgres.error}`);
  else if (postgres.error !== null) bad('PostgreSQL', `${postgres.version ?? 'answers'}: ${postgres.error}`);
  if (!temporal.reachable) bad('Temporal', `cannot be reached: ${temporal.error}`);
  if (temporal.searchAttribute === false) {
    bad(
      'Temporal',
      `does not know the search attribute ${sourceSearchAttribute}: a worker registers it within a minute; else: temporal operator search-attribute create --name ${sourceSearchAttribute} --type Keyword`,
    );
  }
  for (const { part, folder, error } of storage) {
    if (error !== null) bad(part, `cannot be written (${folder}): ${error}`);
  }
  const rollover = partitions.rollover && rolloverNote(partitions.rollover);
  if (rollover !== null) bad('rollover', rollover);
  for (const wait of partitions.rollover?.waits ?? []) bad('rollover', `waits: ${wait}`);
  if (canary?.error) bad('canary', canaryText(canary, now));
  for (const { pid, user, application, since } of postgres.longTransactions) {
    const who = `pid ${pid} of ${user}${application ? ` (${application})` : ''}`;
    bad('long reader', `${who} has been reading raw_events since ${since}; it blocks the retirement of days`);
  }
  for (const { path, problem } of damaged) bad('damaged', `${path} ${problem}; a worker sets it aside`);
  return notes;
}

/** Columns of what a line of the surroundings begins with. */
export const labelColumns = 12;

export function canaryText({ at, lagMs, error, succeededAt }: CanaryReport, now: Date): string {
  if (!error) return `passed ${distance(at, now)} ago, in ${((lagMs ?? 0) / 1000).toFixed(2)} s`;
  const before = succeededAt === null ? 'it has never passed' : `it last passed ${distance(succeededAt, now)} ago`;
  return `failed ${distance(at, now)} ago (${before}): ${describeFailure({ step: error.step, error })}`;
}

/** Facts of a source that are not in its row. */
function notesOf(source: SourceStatus, alerts: readonly Alert[], at: Clock): Note[] {
  const { name, health, reason, since, paused, waiting, starts, lastReceipt, running } = source;
  const notes: Note[] = [];
  const note = (tone: Tone | null, text: string) => notes.push({ tone, about: `${name}: `, text });
  if (paused) {
    const until = paused.until === null ? '' : ` until ${at(paused.until)}`;
    note(
      'quiet',
      `is paused${paused.by === null ? '' : ` by ${paused.by}`}${until}: ${paused.reason ?? 'no reason given'}`,
    );
  } else if (reason !== null && health !== 'deferred') {
    const names = alertsShownBy(source, alerts).filter((alert) => !isDeferral(alert));
    const listed = names.length === 0 ? '' : ` (alert ${names.map((alert) => alert.name).join(', ')})`;
    note(toneOfHealth(health), `${health}${since === null ? '' : ` since ${at(since)}`}${listed}: ${reason}`);
  } else if (starts !== null && (starts.skipped ?? 0) > 0) {
    note(
      null,
      `${starts.skipped} of the ${starts.due} starts due since ${at(starts.since)} were skipped: the run before was still active, a start came late, or the Temporal server was down`,
    );
  }
  if (running?.waits) note('warning', `its run, started ${at(running.since)}, ${waitText(running.waits, at)}`);
  for (const { sink, batches, since: waits, reason: why } of waiting) {
    const what = batches === 1 ? '1 deferred batch' : `${batches} deferred batches`;
    note('warning', `${what} for ${sink} since ${at(waits)}: ${why}`);
  }
  for (const warning of lastReceipt?.warnings ?? []) note(null, warningLine(warning));
  return notes;
}

/** What a run waits for, as a part of a sentence. */
export function waitText(
  { on, reason, until }: NonNullable<NonNullable<SourceStatus['running']>['waits']>,
  at: Clock,
): string {
  return `waits for ${on}${until === null ? '' : ` until ${at(until)}`}${reason === null ? '' : `: ${reason}`}`;
}

/** Alerts of a source that say what its health, or its deferred batches, say as well. */
function alertsShownBy({ name, health, waiting, paused }: SourceStatus, alerts: readonly Alert[]): Alert[] {
  const shown = new Set<string>(waiting.map(({ sink }) => `deferred_${sink}`));
  if (health === 'failing' && !paused) for (const failing of failureAlerts) shown.add(failing);
  return alerts.filter((alert) => alert.source === name && shown.has(alert.name));
}

const failureAlerts = ['run_failed', 'all_rejected'];

function isDeferral({ name }: Alert): boolean {
  return name.startsWith('deferred_');
}

function alertNote({ name, source, since, message }: Alert, at: Clock): Note {
  const about = 'alert'.padEnd(labelColumns);
  return { tone: 'bad', about, text: `${name} ${source} since ${at(since)}: ${message}` };
}

function unconfiguredNote({ name, schedule, waiting }: Status['unconfigured'][number], at: Clock): Note {
  const parts = [
    ...(schedule === null ? [] : [`its schedule still exists${schedule === 'paused' ? ', paused' : ''}`]),
    ...waiting.map(({ sink, batches, since }) => `batches deferred for ${sink} since ${at(since)}: ${batches}`),
  ];
  const advice = schedule === null ? '' : '; ./daybook schedules apply --prune deletes it';
  return { tone: 'warning', about: `${name} `, text: `is no longer configured: ${parts.join('; ')}${advice}` };
}
