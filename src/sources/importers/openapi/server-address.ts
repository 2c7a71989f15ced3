import { UsageError } from '../../../domain/errors.ts';
import type { ApiDocument, Tree } from './api-document.ts';
import type { GivenValues } from './given-values.ts';
import type { Operation } from './operations.ts';
import { scalarText } from '../scalar-text.ts';

/** Where an API is, without a slash at the end. */
export interface ServerAddress {
  readonly base: string;
  /** Others that the document names. */
  readonly others: readonly string[];
}

/**
 * @param chosen what the user named; undefined = the document says it
 * @throws UsageError if it does not
 */
export function serverAddress(
  document: ApiDocument,
  { node, item }: Operation,
  given: GivenValues,
  chosen: string | undefined,
): ServerAddress {
  if (chosen !== undefined) return { base: absolute(document, chosen), others: [] };
  if (document.isSwagger) return { base: absolute(document, swaggerServer(document, node)), others: [] };
  const lists = [node['servers'], item['servers'], document.root['servers']];
  const servers = lists.map((list) => document.list(list)).find((list) => list.length > 0) ?? [{ url: '/' }];
  const [first = {}, ...others] = servers;
  const base = absolute(document, filled(document, first, given));
  return { base, others: others.map(({ url }) => scalarText(url)) };
}

function swaggerServer({ root, address }: ApiDocument, operation: Tree): string {
  const schemes = [operation['schemes'], root['schemes']].find((list) => Array.isArray(list) && list.length > 0);
  const names = Array.isArray(schemes) ? schemes.map(String) : [];
  const own = address === null ? 'https' : new URL(address).protocol.replace(':', '');
  const scheme = names.includes('https') ? 'https' : (names[0] ?? own);
  const path = scalarText(root['basePath']);
  const host = root['host'] ?? (address === null ? undefined : new URL(address).host);
  return host === undefined ? path : `${scheme}://${scalarText(host)}${path.startsWith('/') ? '' : '/'}${path}`;
}

function filled(document: ApiDocument, server: Tree, given: GivenValues): string {
  const variables = document.at(server['variables']);
  const missing: string[] = [];
  const url = (scalarText(server['url']) || '/').replaceAll(/(?<!\$)\{([^{}]+)\}/g, (_, name: string) => {
    const value = given.take(name)?.[0] ?? document.at(variables[name])['default'];
    if (value === undefined) missing.push(name);
    return scalarText(value);
  });
  if (missing.length === 0) return url;
  throw new UsageError(
    `--openapi: the address of the server needs ${missing.join(', ')}: add ${missing.map((name) => `--param ${name}=VALUE`).join(' ')}`,
  );
}

function absolute({ address }: ApiDocument, url: string): string {
  const base = address ?? undefined;
  if (url.startsWith('${env:')) return url.replace(/\/+$/, '');
  if (!URL.canParse(url, base)) {
    throw new UsageError(
      `--openapi: found the server "${url}", expected an absolute address: add --server https://…, or name the document by its URL`,
    );
  }
  const found = new URL(url, base);
  if (!/^https?:$/.test(found.protocol)) {
    throw new UsageError(
      `--openapi: found a server of ${found.protocol}, expected http or https: add --server https://…`,
    );
  }
  return `${found.origin}${found.pathname}`.replace(/\/+$/, '');
}
