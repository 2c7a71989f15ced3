import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { basename, dirname, extname, relative, resolve } from 'node:path';
import { Document, Scalar, visit } from 'yaml';
import { parseConfig, type Config } from '../../../config/file/parse-config.ts';
import { version } from '../../../config/version.ts';
import { defaultComputeLimits } from '../../../domain/plan/compute-limits.ts';
import { DaybookError, PrivateAddress, CannotStart, UsageError } from '../../../domain/errors.ts';
import { unlimited } from '../../../domain/plan/host-budget.ts';
import { noopMetrics } from '../../../domain/run/metrics.ts';
import { visibleJson, visibleLines, visibleText } from '../../../domain/text/visible-text.ts';
import { createThreadCompute } from '../../../sources/compute/thread-compute.ts';
import { jsonText } from '../../../sources/extraction/extract-record.ts';
import type { HttpResponse } from '../../../sources/http/http-client.ts';
import { createHttpTools } from '../../../sources/http/http-tools.ts';
import type { PageItem } from '../../../sources/extraction/page.ts';
import { itemReader } from '../../../sources/extraction/read-records.ts';
import type { Proposal } from '../../../sources/proposal/proposal.ts';
import { createContext, type CommonOptions, type Context } from '../../options/context.ts';
import { initRequest, type RequestOptions } from '../../options/init-request.ts';
import { setExitCode } from '../../output/exit-code.ts';
import { printExactly, printInfo } from '../../output/output.ts';
import { dryRunSource } from '../../options/dry-run-source.ts';

export interface InitOptions extends CommonOptions, RequestOptions {
  readonly name?: string;
}

/** Records that are inspected. */
const sampleSize = 500;
const comment = `# Source proposed by daybook init. Preview its records:
#   ./daybook preview NAME --config FILE
`;

/** `daybook init URL`: inspects a URL or a file and prints a configuration that reads it. Writes nothing. */
export async function initCommand(address: string, options: InitOptions): Promise<void> {
  const context = createContext(options);
  try {
    const isUrl = /^https?:/i.test(address);
    if (isUrl && !URL.canParse(address))
      throw new UsageError(`found "${address}", expected an address such as https://example.com/feed`);
    const { source, notes } = isUrl
      ? await proposeUrl(context, address, options)
      : await proposeFile(context, address, options);
    const text = configuration(source, notes);
    const proof = await prove(context, text);
    for (const note of notes) printInfo(`note: ${note}`);
    printInfo(proof.line);
    printExactly(text.trimEnd());
    if (proof.stored === 0) setExitCode(1);
  } catch (error) {
    if (error instanceof UsageError || !(error instanceof DaybookError)) throw error;
    throw new CannotStart(error.message);
  }
}

async function proposeUrl({ environment }: Context, url: string, options: InitOptions): Promise<Proposal> {
  const request = initRequest(options, environment.lookUp);
  const tools = createHttpTools({
    version,
    proxies: environment.proxies,
    budget: unlimited,
    limitOf: () => null,
    measures: noopMetrics,
  });
  const { origin } = new URL(url);
  const get = (address: string, allowPrivate: boolean): Promise<HttpResponse> =>
    tools.client.send(
      {
        subject: 'init',
        url: address,
        method: 'GET',
        body: null,
        headers: { accept: '*/*' },
        allowPrivate,
        own: {
          origin,
          headers: request.headers,
        },
        timeoutMs: 30_000,
        maxBodyBytes: 64 * 1024 ** 2,
        proxy: null,
      },
      new AbortController().signal,
    );
  try {
    let isPrivate = false;
    const response = await get(url, false).catch((error: unknown) => {
      // A private address given by the user is intended.
      if (!(error instanceof PrivateAddress)) throw error;
      isPrivate = true;
      return get(url, true);
    });
    if (response.status < 200 || response.status >= 300) {
      throw new CannotStart(`init: ${url} answered ${response.status}, expected 200${statusAdvice(response.status)}`);
    }
    const listing = await propose(response);
    const { source, notes } = await withDetail(listing, origin, (address) => get(address, isPrivate));
    const { type, ...rest } = source;
    const key = isPrivate ? { allow_private: true } : {};
    const named = options.name ?? nameOf(new URL(url));
    return { source: { name: named, type, url, ...key, ...request.source, ...rest }, notes };
  } finally {
    await tools.client.close();
  }
}

function statusAdvice(status: number): string {
  if (status === 404 || status === 410) return '; check the address';
  if (status !== 401 && status !== 403) return '';
  return "; does it need credentials? Add --auth 'bearer:${env:TOKEN}' or --header 'X-Key: ${env:KEY}'";
}

/** Detail pages of a run, as a proposal limits them. */
const maxDetails = 100;

/** A listing without dates, completed with the dates of the items' own pages if they have any. */
async function withDetail(
  proposal: Proposal,
  origin: string,
  get: (address: string) => Promise<HttpResponse>,
): Promise<Proposal> {
  const { detail, source, notes } = proposal;
  if (detail === undefined || new URL(detail).origin !== origin) return proposal;
  const page = await get(detail).catch(() => null);
  if (page === null || page.status !== 200) return proposal;
  const { source: fields } = await propose(page, true);
  if (Object.keys(fields).length === 0) return proposal;
  const { id, occurred_at: _, ...rest } = source;
  return {
    source: {
      ...rest,
      detail: { url: 'url', fields, max_pages: maxDetails },
      id,
      occurred_at: { path: 'time', on_missing: 'fetched_at' },
    },
    notes: [
      ...notes.filter((note) => !note.startsWith('no item shows a date')),
      'the date is on the page of each item, which is fetched too (detail)',
    ],
  };
}

async function proposeFile(context: Context, path: string, { name, header, auth }: InitOptions): Promise<Proposal> {
  if (header !== undefined || auth !== undefined)
    throw new UsageError('--header and --auth are only for URLs, found a file');
  if (!/[*?[{]/.test(path) && !isFile(path)) {
    throw new UsageError(`found "${path}", expected a URL (https://…) or a file`);
  }
  const plain = basename(path).replace(/\.gz$/, '');
  const named = name ?? asName(plain.slice(0, plain.length - extname(plain).length));
  const source = {
    name: named,
    type: 'file',
    path: relative(dirname(context.environment.configFile), resolve(path)).replaceAll('\\', '/'),
    ...delimiterOf(resolve(path)),
  };
  // Any id and time suffice to read the records themselves.
  const config = parse(context, configuration({ ...source, id: '@', occurred_at: { on_missing: 'fetched_at' } }, []));
  const items = await sampleOf(context, config);
  const read = itemReader(items);
  const texts = [...items.keys()].flatMap((position) => {
    const item = read(position);
    return item && 'raw' in item ? [jsonText(item.raw)] : [];
  });
  if (texts.length === 0)
    throw new CannotStart(`init: ${path} has no readable record, expected JSON lines, JSON or CSV`);
  const proposal = await propose(texts);
  return { source: { ...source, ...proposal.source }, notes: proposal.notes };
}

function isFile(path: string): boolean {
  return statSync(resolve(path), { throwIfNoEntry: false })?.isFile() === true;
}

/** The delimiter of a CSV file, if it is not a comma: the most frequent candidate in its first line. */
function delimiterOf(path: string): { readonly csv?: { readonly delimiter: string } } {
  if (!/\.(?:csv|tsv)$/i.test(path) || !existsSync(path)) return {};
  const beginning = Buffer.alloc(64 * 1024);
  const file = openSync(path, 'r');
  try {
    readSync(file, beginning);
  } finally {
    closeSync(file);
  }
  const [line = ''] = beginning
    .toString('latin1')
    .replaceAll(/"[^"]*"/g, '')
    .split(/[\r\n]/, 1);
  const counts = [',', ';', '\t', '|'].map((delimiter) => [delimiter, line.split(delimiter).length] as const);
  const [best = ',', count = 0] = counts.toSorted(([, a], [, b]) => b - a)[0] ?? [];
  return count > 1 && best !== ',' ? { csv: { delimiter: best } } : {};
}

/** Inspects the response, of any type, within limits. */
async function propose(from: HttpResponse | readonly string[], isDetail = false): Promise<Proposal> {
  const compute = createThreadCompute();
  try {
    const source = { name: 'init', key: 'init', isPlain: false, text: '' };
    return await compute.run({ kind: 'propose', source, from, isDetail }, defaultComputeLimits, null);
  } finally {
    await compute.close();
  }
}

function configuration(source: Readonly<Record<string, unknown>>, notes: readonly string[]): string {
  const remarks = notes.map((note) => `# ${visibleText(note)}\n`).join('');
  const document = new Document({ version: 1, sources: [source] });
  visit(document, {
    Scalar(_key, node) {
      const { value } = node;
      // In quotes, invisible characters may be escaped as in JSON.
      if (typeof value === 'string' && visibleLines(value) !== value) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return comment + remarks + visibleJson(document.toString({ lineWidth: 120, flowCollectionPadding: true }));
}

/** Reads the first records with the proposed configuration: it has to work, not just look right. */
async function prove(context: Context, text: string): Promise<{ readonly line: string; readonly stored: number }> {
  const config = parse(context, text);
  const items = await sampleOf(context, config);
  const [source] = config.sources;
  if (!source) throw new CannotStart('init: found no source in the proposal');
  const probe = dryRunSource(context, config, source);
  try {
    const reader = await probe.reader();
    const options = { number: 1, days: [], makesDigests: false, hashPages: false, since: null };
    const { valid, deadLetters } = await reader.check({ items, fetchedAt: new Date() }, options);
    const [bad] = deadLetters;
    const why = bad === undefined ? '' : `; the first that would be rejected: ${bad.message}`;
    return { line: `${valid.length} of ${items.length} records would be stored${why}`, stored: valid.length };
  } finally {
    await probe.close();
  }
}

async function sampleOf(context: Context, config: Config): Promise<PageItem[]> {
  const [source] = config.sources;
  if (!source) return [];
  const probe = dryRunSource(context, config, source);
  const items: PageItem[] = [];
  try {
    for await (const page of probe.pages()) {
      for (const item of page.items) items.push(item);
      if (items.length >= sampleSize) break;
    }
    return items.slice(0, sampleSize);
  } finally {
    await probe.close();
  }
}

function parse({ environment }: Context, text: string): Config {
  return parseConfig(text, environment.configFile, environment.lookUp);
}

/** A name from the host and the path: what a person would call it. */
function nameOf({ hostname, pathname }: URL): string {
  const host = hostname.replace(/^(?:www|api|feeds?|rss)\./, '').split('.')[0] ?? '';
  const last =
    pathname
      .split('/')
      .filter((part) => !/^(?:|api|v\d+|feeds?|rss|index\..*)$/i.test(part))
      .at(-1) ?? '';
  return asName(`${/^\d+$/.test(host) ? '' : host}-${last.replace(/\.[a-z0-9]{2,8}$/i, '')}`);
}

function asName(text: string): string {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 63);
  return name === '' ? 'source' : name;
}
