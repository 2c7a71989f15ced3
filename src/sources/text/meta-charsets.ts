/** A comment, a `<meta>`, an element in which no tag counts, or another tag. */
const openings = /<(?:(!--)|(meta)(?=[\s/])|(script|style|title|textarea|noframes)(?=[\s/>])|\/?[a-z][^\s/>]*)/gi;
const commentEnd = /--!?>/g;
const attribute = /[\s/]*(?:(=?[^\s/>=]+|=)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]*)))?)?/y;

/** The charsets that the `<meta>` elements of a page name, in turn; comments, scripts and attributes are skipped as in browsers. */
export function* metaCharsets(head: string): Generator<string> {
  if (!/<meta[^>]*charset/i.test(head)) return;
  const opening = new RegExp(openings);
  for (let found = opening.exec(head), end = 0; found; opening.lastIndex = end, found = opening.exec(head)) {
    const [tag, comment, meta, unread] = found;
    const start = found.index + tag.length;
    if (comment !== undefined) {
      // `<!-->` is a whole one.
      end = endOf(commentEnd, head, start - 2);
      continue;
    }
    const attributes = new Map<string, string>();
    end = readAttributes(head, start, attributes);
    if (unread !== undefined) end = endOf(new RegExp(`</${unread}(?=[\\s/>])`, 'gi'), head, end);
    const label = meta === undefined ? undefined : charsetOf(attributes);
    if (label !== undefined) yield label;
  }
}

/** Behind what matches; the end of the text where nothing does. */
function endOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : text.length;
}

/** Behind the last attribute of a tag. */
function readAttributes(text: string, from: number, attributes: Map<string, string>): number {
  for (let end = from; ; end = attribute.lastIndex) {
    attribute.lastIndex = end;
    const [, name, quoted, single, bare] = attribute.exec(text) ?? [];
    if (name === undefined) return end;
    const key = name.toLowerCase();
    // The first of a name counts.
    if (!attributes.has(key)) attributes.set(key, quoted ?? single ?? bare ?? '');
  }
}

/** Many pages misspell `http-equiv`, but a description may speak of a charset, too. */
function charsetOf(attributes: ReadonlyMap<string, string>): string | undefined {
  const isOther = attributes.has('name') || attributes.has('property') || attributes.has('itemprop');
  const content = isOther ? undefined : /charset\s*=\s*["']?\s*([^\s"';]+)/i.exec(attributes.get('content') ?? '');
  return attributes.get('charset') ?? content?.[1];
}
