/** The prefixes by which feeds usually name a vocabulary; elements of the first three lists have none. */
const prefixes: Readonly<Record<string, string>> = {
  'http://purl.org/dc/elements/1.0': 'dc',
  'http://purl.org/dc/elements/1.1': 'dc',
  'http://purl.org/dc/terms': 'dcterms',
  'http://purl.org/rss/1.0/modules/content': 'content',
  'http://purl.org/rss/1.0/modules/slash': 'slash',
  'http://purl.org/rss/1.0/modules/syndication': 'sy',
  'http://search.yahoo.com/mrss': 'media',
  'http://video.search.yahoo.com/mrss': 'media',
  'http://www.itunes.com/dtds/podcast-1.0.dtd': 'itunes',
  'http://wellformedweb.org/commentapi': 'wfw',
  'http://rssnamespace.org/feedburner/ext/1.0': 'feedburner',
  'http://purl.org/syndication/thread/1.0': 'thr',
  'http://www.georss.org/georss': 'georss',
  'http://www.w3.org/2003/01/geo/wgs84_pos#': 'geo',
  'http://www.opengis.net/gml': 'gml',
  'http://www.w3.org/1999/02/22-rdf-syntax-ns#': 'rdf',
  'http://www.youtube.com/xml/schemas/2015': 'yt',
  'https://podcastindex.org/namespace/1.0': 'podcast',
};

/** Names of RSS in its versions up to 1.0 and of Atom in both: they differ by use, not by meaning. */
const rss = new Set([
  'http://purl.org/rss/1.0',
  'http://my.netscape.com/rdf/simple/0.9',
  'http://channel.netscape.com/rdf/simple/0.9',
  'http://purl.org/net/rss1.1#',
  'http://backend.userland.com/rss2',
  'http://backend.userland.com/rss',
  'http://blogs.law.harvard.edu/tech/rss',
]);
const atom = new Set(['http://www.w3.org/2005/atom', 'http://purl.org/atom/ns#']);

/** Namespace declarations in scope: URIs by prefix, `''` for the default one. */
export type Scope = Readonly<Record<string, string>>;

/** No namespace is declared. */
export const emptyScope: Scope = Object.create(null) as Scope;

/** The scope inside an element that declares namespaces. */
export function scopeWithin(outer: Scope, attributes: Readonly<Record<string, string>>): Scope {
  let inner: Record<string, string> | null = null;
  for (const [name, value] of Object.entries(attributes)) {
    if (name !== 'xmlns' && !name.startsWith('xmlns:')) continue;
    // By inheritance: copying would be slow in a document that declares thousands.
    inner ??= Object.create(outer) as Record<string, string>;
    inner[name.slice(6)] = value;
  }
  return inner ?? outer;
}

export type Vocabulary = 'rss' | 'atom';

/** The vocabulary of a namespace, where it is a feed's own. */
export function vocabularyOf(uri: string): Vocabulary | null {
  const key = keyOf(uri);
  return rss.has(key) ? 'rss' : atom.has(key) ? 'atom' : null;
}

/**
 * The name of an element as feeds usually write it (`dc:creator`), whatever prefix this one chose; without prefix in the
 * feed's own vocabulary.
 * @param ownSpace the namespace of its root element
 */
export function usualName(name: string, scope: Scope, own: Vocabulary | null, ownSpace: string | null = null): string {
  const colon = name.indexOf(':');
  const prefix = colon === -1 ? '' : name.slice(0, colon);
  const local = name.slice(colon + 1);
  const uri = scope[prefix] ?? '';
  if (prefix === '' && uri !== '' && uri === ownSpace) return local;
  const vocabulary = vocabularyOf(uri);
  if (vocabulary !== null) return vocabulary === own || own === null ? local : `${vocabulary}:${local}`;
  const usual = Object.hasOwn(prefixes, keyOf(uri)) ? prefixes[keyOf(uri)] : undefined;
  if (usual !== undefined) return `${usual}:${local}`;
  return name;
}

function keyOf(uri: string): string {
  return uri.trim().toLowerCase().replace(/\/$/, '');
}
