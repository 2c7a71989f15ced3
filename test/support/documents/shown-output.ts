/**
 * Whether an output is what a document shows. In the document `…` matches anything within a line, and alone on a line any number of
 * lines. Times of day at the start of a line, ports, and the widths of columns are not compared, nor are lines that say how far
 * something has come: only where it takes a while are there any.
 * @param isWhole whether the output ends where the document's does
 */
export function isAsShown(output: string, shown: string, isWhole: boolean): boolean {
  const lines = steady(shown)
    .split('\n')
    .map((line) => (line === '…' ? '(?:[^\\n]*\\n)*?' : `${line.split('…').map(escaped).join('[^\\n]*')}\\n`));
  return new RegExp(`^${lines.join('')}${isWhole ? '$' : ''}`, 'u').test(`${steady(output)}\n`);
}

/** A text without the parts that differ between runs. */
function steady(text: string): string {
  const lines = text.split('\n').map((line) =>
    line
      .replaceAll(/^\d\d:\d\d:\d\d /g, '<time> ')
      .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>')
      .replaceAll(/-{3,}/g, '---')
      .replaceAll(/\s+/g, ' ')
      .trim(),
  );
  return lines
    .filter((line) => !/^\d+ % /.test(line))
    .join('\n')
    .trim();
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
