import { truncate } from '../../../domain/secrets/redact.ts';
import { withoutUrlSecrets } from '../../../domain/secrets/url-secrets.ts';
import { isPrivateHost } from '../private-host.ts';
import { requestKeys, sourceKeys, type Keys } from '../requests/request-keys.ts';
import { withoutUser } from '../requests/imported-request.ts';
import { nameOfRequest } from '../requests/request-name.ts';
import type { SecretVariable } from '../requests/secret-variables.ts';
import { asName, freeName } from '../source-name.ts';
import type { Outline } from './read-opml.ts';

/** A source of a feed, with the folder that it is in. */
export interface FeedSource {
  readonly source: Keys;
  /** `Tech / News`; empty = none. */
  readonly folder: string;
}

/** Sources of a list of feeds. */
export interface OpmlSources {
  readonly sources: readonly FeedSource[];
  readonly variables: readonly SecretVariable[];
  /** Outlines that are left out, each with the reason. */
  readonly leftOut: readonly string[];
  /** Feeds that were listed again. */
  readonly repeats: number;
}

/** One `rss` source for each feed, named after its title. Each address once. */
export function opmlSources(outlines: readonly Outline[]): OpmlSources {
  const sources: FeedSource[] = [];
  const variables: SecretVariable[] = [];
  const leftOut: string[] = [];
  const names = new Set<string>();
  const addresses = new Set<string>();
  let repeats = 0;
  for (const outline of outlines) {
    const address = withScheme(outline.address);
    const problem = problemOf(outline.address, address);
    if (problem !== null) {
      leftOut.push(`${labelOf(outline)}: ${problem}`);
      continue;
    }
    const same = sameAddress(address);
    if (addresses.has(same)) {
      repeats++;
      continue;
    }
    addresses.add(same);
    const { url, basic } = withoutUser(address);
    const titled = asName(outline.title);
    const name = freeName(titled === 'source' ? nameOfRequest(url) : titled, names);
    names.add(name);
    const request = requestKeys(name, { method: 'GET', url, headers: [], body: null, basic, proxy: null });
    for (const variable of request.variables) variables.push(variable);
    // Only a secret is moved out of an address: people compare it with the list.
    const keys = request.variables.length === 0 ? { ...request, url: plainAddress(url), params: {} } : request;
    sources.push({
      source: { name, type: 'rss', ...sourceKeys(keys, isPrivateHost(url)) },
      folder: outline.folders.join(' / '),
    });
  }
  return { sources, variables, leftOut, repeats };
}

/** `feed://example.com/rss` and `feed:https://example.com/rss` are old ways to write an address of a feed. */
function withScheme(address: string): string {
  return address
    .replace(/^(?:feed|rss|itpc|pcast|podcast):(?=https?:)/i, '')
    .replace(/^(?:feed|rss|itpc|pcast|podcast):\/\//i, 'http://');
}

function problemOf(written: string, address: string): string | null {
  if (written === '') return 'no xmlUrl';
  const shown = truncate(withoutUrlSecrets(written), 80);
  if (!URL.canParse(address)) return `found xmlUrl "${shown}", expected an http or https URL`;
  const { protocol } = new URL(address);
  return /^https?:$/.test(protocol) ? null : `found an xmlUrl of ${protocol}, expected http or https`;
}

function labelOf({ title, folders }: Outline): string {
  const where = folders.length === 0 ? '' : ` in ${folders.join(' / ')}`;
  return `${title === '' ? 'an outline without a title' : `"${truncate(title, 80)}"`}${where}`;
}

function sameAddress(address: string): string {
  const url = new URL(address);
  url.hash = '';
  return url.href;
}

function plainAddress(url: string): string {
  return (url.split('#')[0] ?? '').replaceAll(/\$\{/g, '$%7B').replaceAll(' ', '%20');
}
