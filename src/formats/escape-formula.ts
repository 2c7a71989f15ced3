/**
 * OWASP's rule against CSV injection: what a spreadsheet may take for a formula gets a `'` in front. Spreadsheets of East Asian
 * locales treat full-width characters as the same.
 */
export function escapeFormula(cell: string): string {
  return /^[=+\-@＝＋－＠\t\r\n]/.test(cell) ? `'${cell}` : cell;
}
