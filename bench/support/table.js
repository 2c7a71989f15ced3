// A table for a terminal: the first column is text, all others are numbers.

/** @param rows cells as text or numbers; null is shown as a dash */
export function table(head, rows) {
  const texts = [head, ...rows].map((row) => row.map((cell) => (cell === null ? '–' : String(cell))));
  const widths = head.map((_, column) => Math.max(...texts.map((row) => row[column].length)));
  return texts
    .map((row) => row.map((cell, n) => (n === 0 ? cell.padEnd(widths[n]) : cell.padStart(widths[n]))).join('  '))
    .join('\n');
}
