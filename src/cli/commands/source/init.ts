import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { CannotStart, DaybookError, UsageError } from '../../../domain/errors.ts';
import { importKind, kindLength, type ImportKind } from '../../../sources/importers/import-kind.ts';
import { decodeText } from '../../../sources/text/decode-document.ts';
import { fromCurl } from '../../init/from-curl.ts';
import { fromFile } from '../../init/from-file.ts';
import { fromHar } from '../../init/from-har.ts';
import { fromOpenApi, type OpenApiOptions } from '../../init/from-openapi.ts';
import { fromOpml } from '../../init/from-opml.ts';
import { fromUrl } from '../../init/from-url.ts';
import { redactorOf, variableNotes, type FoundSources } from '../../init/found-sources.ts';
import { assertAnswered, openInitFetch } from '../../init/init-fetch.ts';
import { assertFits, inputOf, type InputOptions } from '../../init/init-input.ts';
import { configuration, type Entry } from '../../init/proposed-config.ts';
import { readInput } from '../../init/read-input.ts';
import { createContext, type CommonOptions, type Context } from '../../options/context.ts';
import { initRequest, type RequestOptions } from '../../options/init-request.ts';
import { setExitCode } from '../../output/exit-code.ts';
import { printExactly, printInfo } from '../../output/output.ts';

export interface InitOptions extends CommonOptions, RequestOptions, InputOptions, OpenApiOptions {}

/** `daybook init`: inspects what it is given and prints a configuration that reads it. Writes nothing. */
export async function initCommand(address: string | undefined, options: InitOptions): Promise<void> {
  const context = createContext(options);
  try {
    const found = await find(context, address, options);
    const redact = redactorOf(found.variables);
    const notes = [...found.notes.map(redact), ...variableNotes(context, found.variables)];
    const first = configuration(found.entries, notes);
    const proof = await found.prove(context, first);
    if (proof?.repeats === true) notes.push(repeatsNote);
    const text = proof?.repeats === true ? configuration(withoutPaginator(found.entries), notes) : first;
    for (const note of notes) printInfo(`note: ${note}`);
    if (proof) printInfo(redact(proof.line));
    printExactly(text.trimEnd());
    if (proof?.stored === 0) setExitCode(1);
  } catch (error) {
    if (error instanceof UsageError || !(error instanceof DaybookError)) throw error;
    throw new CannotStart(error.message);
  }
}

const repeatsNote =
  'the answer says that there are more pages, but the second one repeats the first: only the first is read until you add a paginator';

function withoutPaginator(entries: readonly Entry[]): Entry[] {
  return entries.map(({ source, ...entry }) => {
    const { paginator: _, ...rest } = source;
    return { ...entry, source: rest };
  });
}

async function find(context: Context, address: string | undefined, options: InitOptions): Promise<FoundSources> {
  const input = inputOf(address, options);
  const { kind, value } = input;
  const isUrl = /^https?:/i.test(value);
  if (kind === 'curl') {
    assertFits('curl', options);
    return fromCurl(context, value, options.name);
  }
  if (isUrl && !URL.canParse(value)) {
    throw new UsageError(`found "${value}", expected an address such as https://example.com/feed`);
  }
  return isUrl ? findAtUrl(context, kind, value, options) : findInFile(context, kind, value, options);
}

async function findAtUrl(
  context: Context,
  named: ImportKind | 'address',
  url: string,
  options: InitOptions,
): Promise<FoundSources> {
  const request = initRequest(options, context.environment.lookUp);
  // Credentials are for the API that a document describes, which may be elsewhere.
  const fetch = openInitFetch(context, named === 'address' ? request.headers : {});
  try {
    const response = await fetch.get(url);
    assertAnswered(url, response);
    const { body, headers, url: found } = response;
    const beginning = body.toString('utf8', 0, kindLength);
    const kind = named === 'address' ? kindOf(beginning, options) : named;
    assertFits(kind ?? 'address', options);
    if (kind === null) return await fromUrl(url, response, fetch, request, options.name);
    if (kind === 'opml') return fromOpml(body, headers['content-type']);
    if (kind === 'har') return await fromHar(context, body, options.name);
    const text = decodeText(body, headers['content-type'], null);
    return await fromOpenApi(context, { text, address: found, isTrusted: fetch.isPrivate }, options, request);
  } finally {
    await fetch.close();
  }
}

async function findInFile(
  context: Context,
  named: ImportKind | 'address',
  path: string,
  options: InitOptions,
): Promise<FoundSources> {
  const kind = named === 'address' ? kindOf(beginningOf(path), options) : named;
  assertFits(kind ?? 'file', options);
  switch (kind) {
    case null:
      return fromFile(context, path, options.name);
    case 'opml':
      return fromOpml(readInput(path, '--opml: expected an OPML file'));
    case 'har':
      return fromHar(context, readInput(path, '--har: expected a HAR file'), options.name);
    case 'openapi': {
      const text = decodeText(readInput(path, '--openapi: expected a URL or a file'), undefined, null);
      const request = initRequest(options, context.environment.lookUp);
      return fromOpenApi(context, { text, address: null, isTrusted: true }, options, request);
    }
  }
}

function kindOf(beginning: string, { operation }: InitOptions): ImportKind | null {
  return operation === undefined ? importKind(beginning) : 'openapi';
}

/** The beginning of a file; empty if there is none, or it is a pattern. */
function beginningOf(path: string): string {
  if (statSync(resolve(path), { throwIfNoEntry: false })?.isFile() !== true) return '';
  const beginning = Buffer.alloc(kindLength);
  const file = openSync(resolve(path), 'r');
  try {
    return beginning.toString('utf8', 0, readSync(file, beginning));
  } finally {
    closeSync(file);
  }
}
