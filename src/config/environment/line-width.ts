/** How wide `COLUMNS` says that lines are to be, for output that no terminal shows; null where it says nothing. */
export function lineWidth(variables: Readonly<Record<string, string | undefined>> = process.env): number | null {
  const columns = Number(variables['COLUMNS']);
  return Number.isInteger(columns) && columns > 0 ? columns : null;
}
