import { CannotStart, PrivateAddress } from '../../domain/errors.ts';
import { fetchDocument } from '../../sources/http/fetch-document.ts';
import type { HttpResponse } from '../../sources/http/http-client.ts';
import { sourceKeys, type RequestKeys } from '../../sources/importers/requests/request-keys.ts';
import { pageAddress } from '../../sources/pagination/page-request.ts';
import type { Context } from '../options/context.ts';
import { dryRunSource, type SourceDryRun } from '../options/dry-run-source.ts';
import { configuration, parse } from './proposed-config.ts';

/** What a request was answered, sent as a source of these keys sends it. */
export interface SourceAnswer {
  readonly response: HttpResponse;
  readonly isPrivate: boolean;
}

export interface AskOptions {
  readonly accept: string;
  /** Whether a private address is what the user means. */
  readonly mayBePrivate: boolean;
}

type Follow<T> = (answer: SourceAnswer, get: (address: string) => Promise<HttpResponse>) => Promise<T>;

/**
 * Sends the request of a source that is about to be proposed.
 * @param follow called with the answer and a way to ask for other addresses, before the connections are closed
 * @throws CannotStart where it was not answered with a document, and what the request throws
 */
export async function askSource<T>(
  context: Context,
  keys: RequestKeys,
  { accept, mayBePrivate }: AskOptions,
  follow: Follow<T>,
): Promise<T> {
  try {
    return await ask(context, keys, accept, false, follow);
  } catch (error) {
    if (!mayBePrivate || !(error instanceof PrivateAddress)) throw error;
    return ask(context, keys, accept, true, follow);
  }
}

async function ask<T>(
  context: Context,
  keys: RequestKeys,
  accept: string,
  isPrivate: boolean,
  follow: Follow<T>,
): Promise<T> {
  // Any id and time suffice to send the request.
  const any = { id: '@', occurred_at: { on_missing: 'fetched_at' } };
  const source = { name: 'init', type: 'http_json', ...sourceKeys(keys, isPrivate), ...any };
  const config = parse(context, configuration([{ source }], []));
  const [read] = config.sources;
  if (!read) throw new CannotStart('init: found no source in the proposal');
  const probe = dryRunSource(context, config, read);
  try {
    const response = await firstAnswer(probe, accept);
    const get = (address: string) => otherAnswer(probe, address, accept);
    return await follow({ response, isPrivate }, get);
  } finally {
    await probe.close();
  }
}

async function firstAnswer(probe: SourceDryRun, accept: string): Promise<HttpResponse> {
  const { plan, tools } = probe;
  const place = (await probe.begin())?.place;
  if (plan.type !== 'http_json' || place?.type !== 'http') throw new TypeError('the source is not asked over HTTP');
  const request = { ...pageAddress(plan, place), accept, conditions: {} };
  const answer = await fetchDocument(plan, request, tools.http, { signal: new AbortController().signal });
  if (answer.kind === 'document') return answer.response;
  throw new CannotStart(
    `init: ${new URL(plan.url).host} answered ${answer.kind.replaceAll('_', ' ')}, expected a document`,
  );
}

async function otherAnswer({ plan, tools }: SourceDryRun, address: string, accept: string): Promise<HttpResponse> {
  if (plan.type !== 'http_json') throw new TypeError('the source is not asked over HTTP');
  const request = { url: new URL(address), followed: true, accept, conditions: {} };
  const answer = await fetchDocument(plan, request, tools.http, { signal: new AbortController().signal });
  if (answer.kind !== 'document')
    throw new CannotStart(`init: ${address} answered ${answer.kind}, expected a document`);
  return answer.response;
}
