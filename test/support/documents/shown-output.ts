/**
 * Whether an output is what a document shows. In the document `…` stands for anything within a line, alone on a line for any
 * number of lines. Times of day at the start of a line, ports, and the widths of columns are not compared.
 * @param isWhole whether the output ends where the document's does
 */
export function isAsShown(output: string, shown: string, isWhole: boolean): boolean {
  const lines = steady(shown)
    .split('\n')
    .map((line) => (line === '…' ? '(?:[^\\n]*\\n)*?' : `${line.split('…').map(escaped).join('[^\\n]*')}\\n`));
  return new RegExp(`^${lines.join('')}${isWhole ? '$' : ''}`, 'u').test(`${steady(output)}\n`);
}

/** A text without what differs from one time to the next. */
function steady(text: string): string {
  const lines = text.split('\n').map((line) =>
    line
      .replaceAll(/^\d\d:\d\d:\d\d /g, '<time> ')
      .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>')
      .replaceAll(/-{3,}/g, '---')
      .replaceAll(/\s+/g, ' ')
      .trim(),
  );
  return lines.join('\n').trim();
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
