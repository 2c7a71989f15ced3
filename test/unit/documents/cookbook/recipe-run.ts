import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { startOrigin } from '../../../support/servers/origin.ts';
import { FanOutWorker } from '../../activities/fan-out/fan-out-worker.ts';

/** A request as the imitation of an API gets it. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly origin: string;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** Sent as it is if it is a text or bytes, otherwise as JSON. */
  readonly body?: unknown;
}

/** A recipe, the API that it is tried with, and what comes of it. */
export interface Trial {
  /** Its heading in docs/cookbook.md. */
  readonly recipe: string;
  /** Makes the API. It is as strict as the real one: it refuses requests that lack a credential or a header. */
  readonly api: () => (asked: Asked) => Answer;
  readonly variables?: Readonly<Record<string, string>>;
  /** How often each source is polled. @default 1 */
  readonly polls?: number;
  /** Ids and times of the records that are stored, by source. */
  readonly records: Readonly<Record<string, readonly (readonly [id: string, time: string])[]>>;
  /** Method, path, query and body of the requests, as a person reads them. */
  readonly requests: readonly string[];
  /** The first record of the last source, as it is stored. */
  readonly first?: object;
}

const cookbook = readFileSync('docs/cookbook.md', 'utf8');
const sections = [...cookbook.matchAll(/^## (.+)\n[^]*?^```yaml\nversion: 1\nsources:\n([^]*?)^```$/gm)];

/** The sources of each recipe, by its heading. */
export const recipes: ReadonlyMap<string, string> = new Map(
  sections.map(([, title = '', sources = '']) => [title, sources]),
);

export const headings: readonly string[] = [...cookbook.matchAll(/^## (.+)$/gm)].map(([, title = '']) => title);

/** Runs the sources of a recipe one after the other, as runs do. */
export async function runRecipe({ recipe, api, variables = {}, polls = 1 }: Trial, folder: string) {
  const answer = api();
  const requests: string[] = [];
  const origin = await startOrigin(async (url, response, request) => {
    const { method = '', headers } = request;
    let body = '';
    for await (const chunk of request as AsyncIterable<Buffer>) body += chunk.toString();
    const query = decodeURIComponent(url.search.replaceAll('+', ' '));
    requests.push(`${method} ${url.pathname}${query}${body === '' ? '' : ` ${body}`}`);
    const own = { method, path: url.pathname, query: url.searchParams, headers, body, origin: origin.url };
    const { status = 200, headers: given = {}, body: content = {} } = answer(own);
    const isRaw = typeof content === 'string' || Buffer.isBuffer(content);
    response.writeHead(status, isRaw ? given : { 'content-type': 'application/json', ...given });
    response.end(isRaw ? content : JSON.stringify(content));
  });
  const sources = (recipes.get(recipe) ?? '').replaceAll(/https:\/\/[\w.-]+/g, origin.url);
  const worker = new FanOutWorker(folder, sources, undefined, variables);
  try {
    const names = [...sources.matchAll(/^ {2}- name: (\w+)$/gm)].map(([, name = '']) => name);
    const of = (source: string) => worker.records.filter((record) => record.source === source);
    const problems: string[] = [];
    for (let poll = 0; poll < polls; poll++) {
      for (const name of names) {
        const { failure, warnings } = await worker.poll(name);
        problems.push(...warnings, ...(failure === null ? [] : [failure]));
        if (names.length > 1) await worker.storePart(name, of(name));
      }
    }
    const records = Object.fromEntries(
      names.map((name) => [
        name,
        of(name).map(({ sourceId, occurredAt }) => [sourceId.replace(origin.url, ''), occurredAt]),
      ]),
    );
    const first = JSON.parse(of(names.at(-1) ?? '')[0]?.payload ?? 'null') as unknown;
    return { problems, records, requests, first };
  } finally {
    await worker.close();
    await origin.close();
  }
}
