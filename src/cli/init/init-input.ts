import { UsageError } from '../../domain/errors.ts';
import type { ImportKind } from '../../sources/importers/import-kind.ts';
import type { RequestOptions } from '../options/init-request.ts';
import type { OpenApiOptions } from './from-openapi.ts';

/** Options that name what is inspected, besides an address. */
export interface InputOptions {
  readonly curl?: string;
  readonly opml?: string;
  readonly openapi?: string;
  readonly har?: string;
}

/** What is inspected. */
export interface InitInput {
  readonly kind: ImportKind | 'curl' | 'address';
  readonly value: string;
}

/** @throws UsageError unless there is exactly one */
export function inputOf(address: string | undefined, { curl, opml, openapi, har }: InputOptions): InitInput {
  const isCommand = /^\s*(?:[$>]\s+)?(?:\S*[/\\])?curl(?:\.exe)?\s/i.test(address ?? '');
  const inputs = [
    { kind: isCommand ? 'curl' : 'address', value: address, written: 'an address' },
    { kind: 'curl', value: curl, written: '--curl' },
    { kind: 'opml', value: opml, written: '--opml' },
    { kind: 'openapi', value: openapi, written: '--openapi' },
    { kind: 'har', value: har, written: '--har' },
  ] as const;
  const [first, second] = inputs.filter(({ value }) => value !== undefined);
  if (first === undefined) {
    throw new UsageError(
      'Missing an address or a file, e.g. ./daybook init https://example.com/feed.xml; or use --curl, --opml, --openapi or --har',
    );
  }
  if (second !== undefined)
    throw new UsageError(`found ${first.written} and ${second.written}, expected only one of them`);
  return { kind: first.kind, value: first.value ?? '' };
}

/** @throws UsageError for an option that says nothing about an input of this kind */
export function assertFits(
  kind: ImportKind | 'curl' | 'address' | 'file',
  options: RequestOptions & OpenApiOptions,
): void {
  const { header, auth, operation, param, server, name } = options;
  if (kind !== 'address' && kind !== 'openapi' && (header !== undefined || auth !== undefined)) {
    throw new UsageError(`--header and --auth are only for URLs and --openapi, found ${described[kind]}`);
  }
  if (kind !== 'openapi' && (operation !== undefined || param !== undefined || server !== undefined)) {
    throw new UsageError(`--operation, --param and --server are only for --openapi, found ${described[kind]}`);
  }
  if (kind === 'opml' && name !== undefined) {
    throw new UsageError('--name is for one source, found a list of feeds, which are named after their titles');
  }
}

const described = {
  address: 'no OpenAPI document',
  file: 'a file of records',
  curl: 'a curl command',
  opml: 'an OPML file',
  openapi: 'an OpenAPI document',
  har: 'a HAR file',
} as const;
