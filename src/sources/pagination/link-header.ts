const text = String.raw`"(?:[^"\\]|\\.)*"`;
// No white space can be read in two ways: that would take the square of its length.
const parameter = String.raw`;\s*(?:[^=;,\s"]+\s*(?:=\s*(?:(?:${text}|[^;,"\s]+)\s*)?)?)?`;
const link = new RegExp(String.raw`<([^<>]*)>\s*((?:${parameter})*)`, 'g');
const parameters = new RegExp(String.raw`;\s*([^=;,\s"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;,"\s]*))`, 'g');

/** The target of the first `rel="next"` in a `Link` header (RFC 8288), or null. */
export function nextLink(header: string | undefined): string | null {
  for (const [, target = '', all = ''] of (header ?? '').matchAll(link)) {
    // The first of several relations of a link counts.
    const relation = [...all.matchAll(parameters)].find(([, name]) => name?.toLowerCase() === 'rel');
    const given = relation?.[2] ?? relation?.[3] ?? '';
    // Some servers write 'next'.
    const relations = given
      .replace(/^'(.*)'$/, '$1')
      .toLowerCase()
      .split(/\s+/);
    if (relations.includes('next')) return target;
  }
  return null;
}
