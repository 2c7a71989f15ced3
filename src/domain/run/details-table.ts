import { markdownText } from '../text/markdown-text.ts';

/** What a workflow shows of itself in the Web UI, as a Markdown table of two columns. Values may come from anywhere. */
export function detailsTable(rows: readonly (readonly [what: string, value: string])[]): string {
  return [
    '| what | value |',
    '| --- | --- |',
    ...rows.map(([what, value]) => `| ${what} | ${markdownText(value)} |`),
  ].join('\n');
}
