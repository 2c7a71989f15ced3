/** OWASP's rule against CSV injection: what a spreadsheet may take for a formula gets a `'` in front. */
export function escapeFormula(cell: string): string {
  return /^[=+\-@\t\r\n]/.test(cell) ? `'${cell}` : cell;
}
