/** The target of the first `rel="next"` in a `Link` header (RFC 8288), or null. */
export function nextLink(header: string | undefined): string | null {
  if (header === undefined) return null;
  for (const [, target, parameters = ''] of header.matchAll(
    /<([^>]*)>((?:\s*;\s*[^=;,\s]+\s*(?:=\s*(?:"[^"]*"|[^;,"\s]*))?)*)/g,
  )) {
    const relation = /;\s*rel\s*=\s*(?:"([^"]*)"|([^;,"\s]+))/i.exec(parameters);
    const relations = (relation?.[1] ?? relation?.[2] ?? '').toLowerCase().split(/\s+/);
    if (relations.includes('next')) return target ?? null;
  }
  return null;
}
