import { countBadBytes } from '../../domain/text/bad-bytes.ts';

/** A link made absolute; as it is where it cannot be, or where bytes of it could not be decoded: a URL would hide that. */
export function absoluteUrl(link: string, base: string): string {
  if (countBadBytes(link) > 0) return link;
  if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return link;
  return URL.canParse(link, base) ? new URL(link, base).href : link;
}
