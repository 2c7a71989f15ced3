import { suggestion } from '../suggestion.ts';
import { counted } from '../../../domain/text/counted.ts';
import { healths } from '../../../domain/monitoring/health.ts';
import { visibleText } from '../../../domain/text/visible-text.ts';
import type { Status } from '../../../status/status.ts';
import { canaryText, labelColumns, problemsOf, type Note } from './status-problems.ts';
import { sourceTable } from './status-table.ts';
import { clock } from './status-times.ts';
import { paint, type Terminal, type Tone } from '../terminal/terminal.ts';
import { wrap } from '../terminal/text-width.ts';

export interface StatusView {
  readonly terminal: Pick<Terminal, 'columns' | 'hasColour'>;
  readonly now: Date;
  /** Only what is wrong, each in full. */
  readonly problemsOnly?: boolean;
}

/** Lines of a terminal that a problem may take; all of it is seen with `--problems`, and of a source with its name. */
const linesOfProblem = 2;

/** A status for people: one line that sums it up, what is wrong, the sources, and what is around them. No line is too long. */
export function statusLines(status: Status, { terminal, now, problemsOnly = false }: StatusView): string[] {
  const at = (time: string) => clock(time, terminal.columns, now);
  const problems = problemsOf(status, now, at);
  const most = problemsOnly ? Infinity : linesOfProblem;
  const summary = summaryLines(status, terminal);
  const shown = problems.flatMap((note) => noteLines(note, terminal, most));
  if (problemsOnly) return [...summary, ...(shown.length > 0 ? ['', ...shown] : [])];
  return [
    ...summary,
    ...(shown.length > 0 ? ['', ...shown] : []),
    '',
    ...sourceTable(status.sources, terminal, now),
    '',
    ...facts(status, now).flatMap((note) => noteLines(note, terminal, linesOfProblem)),
  ];
}

/** A note on its line, or on several of a terminal's. */
function noteLines({ tone, about, text }: Note, terminal: StatusView['terminal'], most: number): string[] {
  const whole = suggestion(visibleText(about + text));
  const indent = terminal.columns >= 60 && about.length === labelColumns ? labelColumns : 2;
  const [first = '', ...others] = wrap(whole, terminal.columns, { indent, most });
  const label = visibleText(about).trimEnd();
  const isWhole = first.startsWith(label);
  return [isWhole ? paint(terminal, tone, label) + first.slice(label.length) : first, ...others];
}

function summaryLines(status: Status, terminal: StatusView['terminal']): string[] {
  const { text, tone } = summaryOf(status);
  return wrap(text, terminal.columns, { indent: 2 }).map((line) => paint(terminal, tone, line));
}

/** The current state in one line. */
function summaryOf({ sources, alerts, deadLetters, postgres, temporal, config }: Status): {
  readonly text: string;
  readonly tone: Tone;
} {
  const counts = healths.flatMap((health) => {
    const count = sources.filter((source) => source.health === health).length;
    return count === 0 ? [] : [`${count} ${health === 'never_ran' ? 'never ran' : health}`];
  });
  const underWay = sources.flatMap(({ running }) => running ?? []);
  const waiting = underWay.filter(({ waits }) => waits !== undefined).length;
  const runs = [
    ...(underWay.length > waiting ? [`${underWay.length - waiting} running`] : []),
    ...(waiting > 0 ? [`${waiting} waiting`] : []),
  ];
  const away = [...(postgres.reachable ? [] : ['PostgreSQL']), ...(temporal.reachable ? [] : ['Temporal'])];
  const parts = [
    `${countedOrNo(sources.length, 'source')}${counts.length === 0 ? '' : `: ${counts.join(', ')}`}`,
    runs.length === 0 ? 'no active runs' : runs.join(', '),
    countedOrNo(alerts.length, 'alert'),
    deadLetters === null ? 'dead letters not counted' : countedOrNo(deadLetters, 'dead letter'),
    ...(away.length === 0 ? [] : [`${away.join(' and ')} cannot be reached`]),
  ];
  const isBad = alerts.length > 0 || away.length > 0 || config !== null || sources.some(isFailing);
  const isTroubled = sources.some(({ health }) => health === 'late' || health === 'deferred');
  return { text: parts.join('; '), tone: isBad ? 'bad' : isTroubled ? 'warning' : 'good' };
}

function isFailing({ health }: Status['sources'][number]): boolean {
  return health === 'failing';
}

function countedOrNo(count: number, what: string): string {
  return count === 0 ? `no ${what}s` : counted(count, what);
}

/** What is around the sources, and is well. */
function facts({ postgres, temporal, partitions, canary }: Status, now: Date): Note[] {
  const fact = (about: string, text: string): Note => ({ tone: null, about: about.padEnd(labelColumns), text });
  const ui = temporal.ui === null ? '' : `, Web UI ${temporal.ui}`;
  const named = temporal.instance === undefined ? '' : `, instance ${temporal.instance}`;
  return [
    ...(postgres.reachable && postgres.error === null ? [fact('PostgreSQL', postgres.version ?? '?')] : []),
    ...(temporal.reachable ? [fact('Temporal', `${temporal.address}${named}${ui}`)] : []),
    ...(partitions.ahead === null
      ? []
      : [fact('partitions', `${partitions.ahead} days ahead, oldest ${partitions.oldest ?? 'none'}`)]),
    ...(canary && !canary.error ? [fact('canary', canaryText(canary, now))] : []),
  ];
}
