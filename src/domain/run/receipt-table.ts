import { markdownText } from '../text/markdown-text.ts';
import { warningLine, type Warning } from './warning.ts';
import { sinks } from './sink.ts';
import { filteredOf, type Tally } from './receipt.ts';

/** What the table shows besides the counts. */
export interface TableHead {
  readonly source: string;
  readonly phase: string;
  /** Shown above the table, e.g. who paused the run. */
  readonly note: string | null;
  readonly watermark: string | null;
  readonly warnings: readonly Warning[];
}

/** The receipt so far as a Markdown table: a workflow's current details in the Web UI. */
export function receiptTable(tally: Tally, head: TableHead): string {
  const lines = [
    `**${markdownText(head.source)}**: ${head.phase}`,
    '',
    ...(head.note === null ? [] : [markdownText(head.note), '']),
    '| fetched | accepted | rejected | unchanged | filtered | repaired | pages | batches |',
    '|---:|---:|---:|---:|---:|---:|---:|---:|',
    `| ${tally.fetched} | ${tally.accepted} | ${tally.rejected} | ${tally.unchanged} | ${filteredOf(tally)} | ${tally.repaired} | ${tally.pages} | ${tally.batches} |`,
    '',
    '| sink | written | duplicate | refused | expired | deferred |',
    '|---|---:|---:|---:|---:|---:|',
    ...sinks.map((sink) => {
      const { written, duplicate, refused, expired, deferred } = tally[sink];
      return `| ${sink} | ${written} | ${duplicate} | ${refused} | ${expired} | ${deferred} |`;
    }),
    '',
    `Watermark: ${markdownText(head.watermark ?? 'none yet')}`,
    ...head.warnings.flatMap((warning) => ['', markdownText(warningLine(warning))]),
  ];
  return lines.join('\n');
}

/** What a workflow shows of itself in the Web UI, as a Markdown table of two columns. Values may come from anywhere. */
export function detailsTable(rows: readonly (readonly [what: string, value: string])[]): string {
  return [
    '| what | value |',
    '| --- | --- |',
    ...rows.map(([what, value]) => `| ${what} | ${markdownText(value)} |`),
  ].join('\n');
}
