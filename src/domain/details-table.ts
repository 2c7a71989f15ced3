/** What a workflow shows of itself in the Web UI, as a Markdown table of two columns. */
export function detailsTable(rows: readonly (readonly [what: string, value: string])[]): string {
  return ['| what | value |', '| --- | --- |', ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');
}
