import { existsSync } from 'node:fs';
import { basename, dirname, extname, relative, resolve } from 'node:path';
import { stringify } from 'yaml';
import { parseConfig, type Config } from '../config/parse-config.ts';
import { version } from '../config/version.ts';
import { DaySet } from '../domain/day-set.ts';
import { DaybookError, PrivateAddress } from '../domain/errors.ts';
import { unlimited } from '../domain/host-budget.ts';
import { notMeasured } from '../domain/measures.ts';
import { createExtractor } from '../sources/extraction/extract-record.ts';
import type { HttpResponse } from '../sources/http/http-client.ts';
import { createHttpTools } from '../sources/http-tools.ts';
import type { PageItem } from '../sources/page.ts';
import { proposeRecords } from '../sources/proposal/propose-json.ts';
import { proposeSource } from '../sources/proposal/propose-source.ts';
import type { Proposal } from '../sources/proposal/proposal.ts';
import { CannotStart } from './cannot-start.ts';
import { createContext, type CommonOptions, type Context } from './context.ts';
import { print, say } from './output.ts';
import { probeSource } from './source-probe.ts';
import { UsageError } from './usage-error.ts';

export interface InitOptions extends CommonOptions {
  readonly name?: string;
}

/** Records that are looked at. */
const sampleSize = 500;
const comment = `# A source as daybook init proposes it. See what would become of its records:
#   ./daybook preview NAME --config FILE
`;

/** `daybook init URL`: looks at an address or a file and prints a configuration that reads it. Writes nothing. */
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
    for (const note of notes) say(`note: ${note}`);
    say(proof.line);
    print(text.trimEnd());
    if (proof.stored === 0) process.exitCode = 1;
  } catch (error) {
    if (error instanceof UsageError || !(error instanceof DaybookError)) throw error;
    throw new CannotStart(error.message);
  }
}

async function proposeUrl({ environment }: Context, url: string, { name }: InitOptions): Promise<Proposal> {
  const tools = createHttpTools({
    version,
    proxies: environment.proxies,
    budget: unlimited,
    limitOf: () => null,
    measures: notMeasured,
  });
  const get = (allowPrivate: boolean): Promise<HttpResponse> =>
    tools.client.send(
      {
        ...{ subject: 'init', url, method: 'GET', body: null, headers: { accept: '*/*' }, allowPrivate },
        ...{ own: { origin: new URL(url).origin, headers: {} }, timeoutMs: 30_000, maxBodyBytes: 64 * 1024 ** 2 },
        proxy: null,
      },
      new AbortController().signal,
    );
  try {
    let isPrivate = false;
    const response = await get(false).catch((error: unknown) => {
      // Who names a private address means it.
      if (!(error instanceof PrivateAddress)) throw error;
      isPrivate = true;
      return get(true);
    });
    if (response.status < 200 || response.status >= 300) {
      throw new CannotStart(`init: ${url} answered ${response.status}, expected 200; does it want credentials?`);
    }
    const { source, notes } = await proposeSource(response);
    const { type, ...rest } = source;
    const key = isPrivate ? { allow_private: true } : {};
    return { source: { name: name ?? nameOf(new URL(url)), type, url, ...key, ...rest }, notes };
  } finally {
    await tools.client.close();
  }
}

async function proposeFile(context: Context, path: string, { name }: InitOptions): Promise<Proposal> {
  if (!/[*?[{]/.test(path) && !existsSync(path)) {
    throw new UsageError(`found "${path}", expected an address (https://…) or a file`);
  }
  const plain = basename(path).replace(/\.gz$/, '');
  const named = name ?? asName(plain.slice(0, plain.length - extname(plain).length));
  const source = {
    name: named,
    type: 'file',
    path: relative(dirname(context.environment.configFile), resolve(path)).replaceAll('\\', '/'),
  };
  // Any id and time will do to read the records themselves.
  const config = parse(context, configuration({ ...source, id: '@', occurred_at: { on_missing: 'fetched_at' } }, []));
  const items = await sampleOf(context, config);
  const values = items.flatMap((item) => ('raw' in item ? [item.raw.value] : []));
  if (values.length === 0)
    throw new CannotStart(`init: ${path} holds no record that can be read, expected JSON lines, JSON or CSV`);
  const proposal = proposeRecords(values);
  return { source: { ...source, ...proposal.source }, notes: proposal.notes };
}

function configuration(source: Readonly<Record<string, unknown>>, notes: readonly string[]): string {
  const remarks = notes.map((note) => `# ${note}\n`).join('');
  return (
    comment + remarks + stringify({ version: 1, sources: [source] }, { lineWidth: 120, flowCollectionPadding: true })
  );
}

/** Reads the beginning of what the proposal proposes: it is to work, not to look good. */
async function prove(context: Context, text: string): Promise<{ readonly line: string; readonly stored: number }> {
  const config = parse(context, text);
  const items = await sampleOf(context, config);
  const [source] = config.sources;
  if (!source) throw new CannotStart('init: found no source in the proposal');
  const probe = probeSource(context, config, source);
  await probe.close();
  const extract = createExtractor(probe.plan, new DaySet());
  const now = new Date();
  const results = items.map((item) => ('raw' in item ? extract(item.raw, now) : { ok: false as const, ...item }));
  const stored = results.filter(({ ok }) => ok).length;
  const [bad] = results.flatMap((result) => (result.ok ? [] : [result.rejection.message]));
  const why = bad === undefined ? '' : `; the first that would not: ${bad}`;
  return { line: `${stored} of ${items.length} records would be stored${why}`, stored };
}

async function sampleOf(context: Context, config: Config): Promise<PageItem[]> {
  const [source] = config.sources;
  if (!source) return [];
  const probe = probeSource(context, config, source);
  const items: PageItem[] = [];
  try {
    for await (const page of probe.pages()) {
      items.push(...page.items);
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
