/** The line width set by `COLUMNS`, for output that is not shown on a terminal; null if it is not set. */
export function lineWidth(variables: Readonly<Record<string, string | undefined>> = process.env): number | null {
  const columns = Number(variables['COLUMNS']);
  return Number.isInteger(columns) && columns > 0 ? columns : null;
}
