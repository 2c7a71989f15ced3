import { suggestion } from '../suggestion.ts';
import type { FailedReceipt, Receipt } from '../../../domain/run/receipt.ts';
import { visibleText } from '../../../domain/text/visible-text.ts';
import { warningLine } from '../../../domain/run/warning.ts';
import type { SourceStatus, Status } from '../../../status/status.ts';
import { countsOf } from '../receipt-line.ts';
import { waitText } from './status-problems.ts';
import { clock, distance, tookText } from './status-times.ts';
import { toneOfHealth } from './status-tones.ts';
import { paint, type Terminal } from '../terminal/terminal.ts';
import { pad, wrap } from '../terminal/text-width.ts';

/** Columns before what is said of a source. */
const labelColumns = 14;

/** All that is known of one source, a line for each thing. */
export function detailLines(
  source: SourceStatus,
  { alerts }: Pick<Status, 'alerts'>,
  terminal: Pick<Terminal, 'columns' | 'hasColour'>,
  now: Date,
): string[] {
  const at = (time: string) => clock(time, terminal.columns, now);
  const { name, health, since } = source;
  const lasting = since === null || health === 'ok' ? '' : ` since ${at(since)}, for ${distance(since, now)}`;
  const [first = '', ...more] = wrap(`${visibleText(name)}  ${health}${lasting}`, terminal.columns, { indent: 2 });
  const lines = [first.replace(`  ${health}`, `  ${paint(terminal, toneOfHealth(health), health)}`), ...more];
  const own = alerts.filter((alert) => alert.source === name);
  const facts = [
    ...factsOf(source, at, now),
    ...own.map((alert): Fact => ['alert', `${alert.name} since ${at(alert.since)}: ${alert.message}`]),
  ];
  const indent = terminal.columns >= 60 ? labelColumns + 2 : 4;
  for (const [label, text] of facts) {
    const whole = `  ${pad(label, labelColumns)}${visibleText(text)}`;
    for (const line of wrap(whole, terminal.columns, { indent })) lines.push(line);
  }
  return lines;
}

type Fact = readonly [label: string, text: string];

function factsOf(source: SourceStatus, at: (time: string) => string, now: Date): Fact[] {
  const { name, reason, paused, running, nextRunAt, starts, recordsToday, watermark, waiting, deadLetters } = source;
  const facts: Fact[] = [];
  if (paused) {
    const until = paused.until === null ? '' : ` until ${at(paused.until)}`;
    facts.push([
      'paused',
      `${paused.by === null ? '' : `by ${paused.by}`}${until}: ${paused.reason ?? 'no reason given'}`,
    ]);
  } else if (reason !== null) facts.push(['reason', reason]);
  if (running) {
    const wait = running.waits ? `; ${waitText(running.waits, at)}` : '';
    facts.push([
      'running',
      `for ${distance(running.since, now)}, since ${at(running.since)}: ${running.workflowId}${wait}`,
    ]);
  }
  for (const fact of lastRunFacts(source.lastReceipt, at, now)) facts.push(fact);
  facts.push(['next run', nextRunAt === null ? '-' : `in ${distance(nextRunAt, now)}, at ${at(nextRunAt)}`]);
  if (starts && ((starts.skipped ?? 0) > 0 || starts.problem !== null)) {
    const skipped = `${starts.skipped ?? 0} of ${starts.due} due since ${at(starts.since)} were skipped`;
    facts.push(['starts', starts.problem === null ? skipped : `${skipped}; ${starts.problem}`]);
  }
  facts.push(['records today', recordsToday === null ? 'not counted' : String(recordsToday)]);
  facts.push(['watermark', watermark ?? '-']);
  for (const { sink, batches, since, reason: why } of waiting) {
    facts.push(['waiting', `${batches} ${batches === 1 ? 'batch' : 'batches'} for ${sink} since ${at(since)}: ${why}`]);
  }
  const look =
    deadLetters === null || deadLetters === 0 ? '' : suggestion(`: ./daybook dead-letters list --source ${name}`);
  facts.push(['dead letters', deadLetters === null ? 'not counted' : `${deadLetters}${look}`]);
  return facts;
}

function lastRunFacts(last: Receipt | FailedReceipt | null, at: (time: string) => string, now: Date): Fact[] {
  if (!last) return [['last run', 'none yet']];
  const facts: Fact[] = [
    [
      'last run',
      `${last.outcome} ${distance(last.finishedAt, now)} ago, at ${at(last.finishedAt)}, in ${tookText(last)}`,
    ],
    ['', last.workflowId],
    ['', countsOf(last).join(', ')],
  ];
  if (last.outcome === 'failed') facts.push(['', `${last.error.type}: ${last.error.message}`]);
  for (const warning of last.warnings ?? []) facts.push(['', warningLine(warning)]);
  return facts;
}
