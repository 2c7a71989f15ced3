/** The name and value of a header that is written on one line; both empty without a colon. */
export function splitHeader(line: string): { readonly name: string; readonly value: string } {
  const [, name = '', value = ''] = /^([^:]*):\s*(.*)$/s.exec(line) ?? [];
  return { name, value };
}
