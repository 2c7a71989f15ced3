import { beginningOf } from '../../extraction/shown-start.ts';
import { Parser } from 'htmlparser2';
import { WrongShape } from '../../../domain/errors.ts';
import { truncate } from '../../../domain/secrets/redact.ts';
import { cleanXml } from '../../feeds/clean-xml.ts';

/** An outline of a list of subscriptions that is meant as a feed. */
export interface Outline {
  /** Its title; empty if it has none. */
  readonly title: string;
  /** `xmlUrl` as it is written; empty if there is none. */
  readonly address: string;
  /** Titles of the outlines around it, the outermost first. */
  readonly folders: readonly string[];
}

/** A deeper document is not a list, but an attack. */
const maxNesting = 1_000;
const maxOutlines = 100_000;

/**
 * The feeds of an OPML document, in its order, also where it is not well-formed. Declared entities are not expanded.
 * @throws WrongShape if it is none
 */
export function readOpml(text: string): Outline[] {
  const outlines: Outline[] = [];
  /** Titles of the open elements; null = one that is not an outline. */
  const open: (string | null)[] = [];
  let root: string | null = null;
  const parser = new Parser(
    {
      onopentag(tag, written) {
        root ??= tag;
        if (open.length >= maxNesting)
          throw new WrongShape(`init: the OPML nests its outlines deeper than ${maxNesting}`);
        const attributes = inLowerCase(written);
        const title = (attributes['title'] || attributes['text'] || '').trim();
        const isOutline = tag.toLowerCase() === 'outline';
        if (isOutline && isFeed(attributes)) {
          if (outlines.length === maxOutlines)
            throw new WrongShape(`init: the OPML has more than ${maxOutlines} feeds`);
          const folders = open.filter((name) => name !== null && name !== '') as string[];
          outlines.push({ title, address: (attributes['xmlurl'] ?? '').trim(), folders });
        }
        open.push(isOutline ? title : null);
      },
      onclosetag() {
        open.pop();
      },
    },
    { xmlMode: true },
  );
  parser.end(cleanXml(text));
  if (String(root).toLowerCase() === 'opml') return outlines;
  const found = root === null ? `a text that begins "${beginningOf(text)}"` : `<${truncate(root, 40)}>`;
  throw new WrongShape(`init: found ${found}, expected OPML, which begins with <opml>`);
}

/** Without an address it may still be meant as one. */
function isFeed(attributes: Readonly<Record<string, string>>): boolean {
  return attributes['xmlurl'] !== undefined || /^(?:rss|atom|feed|rss\d|rdf)$/i.test(attributes['type'] ?? '');
}

function inLowerCase(attributes: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name.toLowerCase(), value]));
}
