import { troubledFirst } from '../../../domain/monitoring/health.ts';
import { visibleText } from '../../../domain/text/visible-text.ts';
import type { SourceStatus } from '../../../status/status.ts';
import { clock, distance } from './status-times.ts';
import { toneOfHealth } from './status-tones.ts';
import { paint, type Terminal } from '../terminal/terminal.ts';
import { fit, fitMiddle, pad, textWidth } from '../terminal/text-width.ts';

interface Column {
  readonly name: string;
  readonly cell: (source: SourceStatus) => string;
  readonly isNumber?: boolean;
}

/** Share of a line that a name may take before columns are left out, and the least that it gets. */
const nameShare = 0.3;
const minNameWidth = 10;
const gap = '  ';

/** A table of the sources, those in trouble first. It fits: times are shortened, then columns left out, then names cut. */
export function sourceTable(
  sources: readonly SourceStatus[],
  terminal: Pick<Terminal, 'columns' | 'hasColour'>,
  now: Date,
): string[] {
  const sorted = [...sources].sort(troubledFirst);
  const all = layouts(sorted, now);
  const names = sorted.reduce((most, { name }) => Math.max(most, textWidth(name)), 6);
  const widthOf = (columns: readonly Column[]) =>
    columns.reduce((sum, column) => sum + gap.length + widest(column, sorted), 0);
  const last = all.at(-1) ?? [];
  const columns =
    all.slice(0, wholeLayouts).find((layout) => names + widthOf(layout) <= terminal.columns) ??
    all.find(
      (layout) => Math.min(names, Math.floor(terminal.columns * nameShare)) + widthOf(layout) <= terminal.columns,
    ) ??
    all.find((layout) => Math.min(names, minNameWidth) + widthOf(layout) <= terminal.columns) ??
    last;
  const nameWidth = Math.max(1, Math.min(names, terminal.columns - widthOf(columns)));
  const widths = columns.map((column) => widest(column, sorted));
  const line = (name: string, cells: readonly string[]) =>
    [
      pad(fitMiddle(name, nameWidth), nameWidth),
      ...cells.map((cell, at) => padded(cell, columns[at], widths[at] ?? 0)),
    ].join(gap);
  const head = line(
    'source',
    columns.map(({ name }) => name),
  );
  const rule = ['-'.repeat(nameWidth), ...widths.map((width) => '-'.repeat(width))].join(gap);
  const rows = sorted.map((source) => {
    const cells = columns.map(({ cell }) => visibleText(cell(source)));
    const whole = fit(line(visibleText(source.name), cells).trimEnd(), terminal.columns);
    return painted(whole, source, terminal);
  });
  return [fit(head.trimEnd(), terminal.columns), fit(rule, terminal.columns), ...rows];
}

function padded(cell: string, column: Column | undefined, width: number): string {
  return pad(cell, width, column?.isNumber === true ? 'right' : 'left');
}

function widest({ name, cell }: Column, sources: readonly SourceStatus[]): number {
  return sources.reduce((most, source) => Math.max(most, textWidth(visibleText(cell(source)))), name.length);
}

/** Colours the health of a row; of one that is well nothing needs to catch the eye but that. */
function painted(row: string, { health }: SourceStatus, terminal: Pick<Terminal, 'hasColour'>): string {
  const at = row.indexOf(`${gap}${health}`);
  if (at < 0) return row;
  const [from, to] = [at + gap.length, at + gap.length + health.length];
  return row.slice(0, from) + paint(terminal, toneOfHealth(health), row.slice(from, to)) + row.slice(to);
}

/** The first layouts leave nothing out but a watermark: they write times shorter. */
const wholeLayouts = 4;

/** What is shown of a source, from most to least. */
function layouts(sources: readonly SourceStatus[], now: Date): readonly (readonly Column[])[] {
  const health: Column = { name: 'health', cell: (source) => source.health };
  const lastRun: Column = {
    name: 'last run',
    cell: ({ lastReceipt: last }) => (last ? `${last.outcome} ${distance(last.finishedAt, now)} ago` : '-'),
  };
  const ago: Column = {
    name: 'last',
    cell: ({ lastReceipt: last }) => (last ? distance(last.finishedAt, now) : '-'),
  };
  const nextRun: Column = {
    name: 'next run',
    cell: ({ nextRunAt }) => (nextRunAt === null ? '-' : `in ${distance(nextRunAt, now)}`),
  };
  const next: Column = {
    name: 'next',
    cell: ({ nextRunAt }) => (nextRunAt === null ? '-' : distance(nextRunAt, now)),
  };
  const today: Column = {
    name: 'today',
    isNumber: true,
    cell: ({ recordsToday }) => (recordsToday === null ? '?' : String(recordsToday)),
  };
  const watermark: Column = {
    name: 'watermark',
    cell: (source) => source.watermark?.slice(0, 19).concat('Z') ?? '-',
  };
  const shortMark: Column = {
    name: 'watermark',
    cell: (source) => (source.watermark === null ? '-' : clock(source.watermark, 0, now)),
  };
  // Most runs take no time to speak of: the column is there while one is in progress.
  const isAnyUnderWay = sources.some((source) => source.running !== null);
  const running: Column[] = isAnyUnderWay ? [{ name: 'running', cell: (source) => runningText(source, now) }] : [];
  return [
    [health, lastRun, nextRun, today, watermark, ...running],
    [health, lastRun, nextRun, today, shortMark, ...running],
    [health, lastRun, next, today, shortMark, ...running],
    [health, lastRun, next, today, ...running],
    [health, ago, next, today, ...running],
    [health, ago, today, ...running],
    [health, ago, ...running],
    [health, ago],
    [health],
  ];
}

function runningText({ running }: SourceStatus, now: Date): string {
  if (running === null) return '-';
  return `${running.waits ? 'waits' : 'for'} ${distance(running.since, now)}`;
}
