/** A link made absolute; as it is where it cannot be. */
export function absoluteUrl(link: string, base: string): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return link;
  return URL.canParse(link, base) ? new URL(link, base).href : link;
}
