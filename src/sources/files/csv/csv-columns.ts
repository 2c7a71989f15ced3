/** Names for the columns of a header: a repeated name gets `_2`, `_3` and so on, a column without one its number. */
export function columnNames(header: readonly string[]): string[] {
  const given = header.map((name, position) => (name === '' ? String(position + 1) : name));
  const written = new Set(given);
  const used = new Set<string>();
  return given.map((name) => {
    let unique = name;
    // A number that is itself a name in the header stays that column's name.
    for (let number = 2; used.has(unique) || (unique !== name && written.has(unique)); number++) {
      unique = `${name}_${number}`;
    }
    used.add(unique);
    return unique;
  });
}

/** A row as an object; without names its keys are `1`, `2`, … */
export function recordOf(fields: readonly string[], columns: readonly string[] | null): Record<string, string> {
  const record: Record<string, string> = {};
  for (const [position, field] of fields.entries()) {
    const name = columns === null ? String(position + 1) : (columns[position] ?? '');
    if (name === '__proto__') Object.defineProperty(record, name, { value: field, ...ownProperty });
    else record[name] = field;
  }
  return record;
}

const ownProperty = { enumerable: true, writable: true, configurable: true };
