import { CannotStart } from '../../domain/errors.ts';
import { counted } from '../../domain/text/counted.ts';
import { opmlSources, type FeedSource } from '../../sources/importers/opml/opml-sources.ts';
import { readOpml } from '../../sources/importers/opml/read-opml.ts';
import { decodeDocument } from '../../sources/text/decode-document.ts';
import type { FoundSources } from './found-sources.ts';
import { parse, type Entry } from './proposed-config.ts';

/** Outlines that are named, of those that are left out. */
const maxNamed = 50;

/** A source for each feed of a list of subscriptions. None of them is fetched. */
export function fromOpml(body: Buffer, contentType?: string): FoundSources {
  const { text } = decodeDocument({ kind: 'xml', body, contentType, encoding: null });
  const { sources, variables, leftOut, repeats } = opmlSources(readOpml(text));
  const named = leftOut.slice(0, maxNamed).map((line) => `left out ${line}`);
  const notes = [
    ...named,
    ...(leftOut.length > maxNamed ? [`left out ${leftOut.length - maxNamed} more`] : []),
    ...(repeats === 0 ? [] : [`left out ${counted(repeats, 'feed')} listed before`]),
  ];
  if (sources.length === 0) {
    const why = notes.length === 0 ? 'no outline has an xmlUrl' : notes.join('; ');
    throw new CannotStart(`init: found no feed in the OPML (${why}), expected outlines with xmlUrl`);
  }
  return {
    entries: withFolders(sources),
    notes,
    variables,
    async prove(context, proposed) {
      const { length } = parse(context, proposed).sources;
      return {
        line: `${counted(length, 'source')}; no feed was fetched: try one with ./daybook preview NAME`,
        stored: length,
      };
    },
  };
}

/** A comment where a folder begins. */
function withFolders(sources: readonly FeedSource[]): Entry[] {
  return sources.map(({ source, folder }, index) => {
    const before = sources[index - 1]?.folder ?? '';
    if (folder === before) return { source };
    return { source, comment: folder === '' ? 'No folder' : `Folder: ${folder}` };
  });
}
