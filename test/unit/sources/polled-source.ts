import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { planOf } from '../../../src/config/plan/plan.ts';
import { withSecrets } from '../../../src/config/secrets/secrets.ts';
import { unlimited } from '../../../src/domain/plan/host-budget.ts';
import type { HttpPlan } from '../../../src/domain/plan/source-plan.ts';
import { noopMetrics } from '../../../src/domain/run/metrics.ts';
import type { FetchPosition } from '../../../src/domain/state/fetch-position.ts';
import { patchAfter } from '../../../src/domain/state/poll.ts';
import { initialState, type SourceState } from '../../../src/domain/state/source-state.ts';
import type { TimeRangeText } from '../../../src/domain/time/backfill-windows.ts';
import { collect } from '../../../src/sources/collect/collect.ts';
import { createAccessTokens } from '../../../src/sources/http/auth.ts';
import { createHttpClient } from '../../../src/sources/http/http-client.ts';
import { beginPoll, frontOf, openPages, type SourceTools } from '../../../src/sources/open-source.ts';
import { daybookYaml, http, parse } from '../config/daybook-yaml.ts';
import { contextOf } from './plans.ts';

/** A request as a server has received it. */
export interface Asked {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The body, where it is JSON. */
  readonly json: unknown;
  /** The server's own origin. */
  readonly origin: string;
}

export interface Answered {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface PollOptions {
  readonly state?: SourceState;
  readonly window?: TimeRangeText;
  /** A fetch ends after so many records, and the next one continues with what a workflow would keep. */
  readonly recordsAtOnce?: number;
  /** Fetches before the run is given up, and the next poll continues. */
  readonly maxFetches?: number;
  /** Number of a fetch, from 1, whose worker is killed before its result is kept: it is done again. */
  readonly killedFetch?: number;
  readonly variables?: Readonly<Record<string, string>>;
  readonly now?: Date;
  /** Changes the first position, as a fan-out does. */
  readonly begin?: (position: FetchPosition, origin: string) => FetchPosition;
}

/** The plan of a source as a run has it; `ORIGIN` in its lines is the server's. */
export function planOfLines(
  lines: readonly string[],
  origin: string,
  variables: PollOptions['variables'] = {},
): HttpPlan {
  const text = daybookYaml([http(...lines.map((line) => line.replaceAll('ORIGIN', origin)))]);
  const config = parse(text, variables);
  const [source] = config.sources;
  if (!source) throw new Error('expected a source');
  // A workflow keeps it as JSON.
  const plan = JSON.parse(JSON.stringify(planOf(config, source))) as HttpPlan;
  return withSecrets(plan, source, (name) => variables[name]);
}

/** Polls a source over loopback HTTP to its end, as the activities do. */
export async function pollSource(
  lines: readonly string[],
  answer: (asked: Asked) => Answered | unknown[],
  options: PollOptions = {},
) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const body = Buffer.concat(chunks).toString();
      const query = new URL(url, origin).searchParams;
      const one = { method, path: url, query, headers, body, json: jsonOf(body), origin };
      asked.push(one);
      const given = answer(one);
      const { status = 200, headers: own = {}, body: content = null } = Array.isArray(given) ? { body: given } : given;
      response.writeHead(status, { 'content-type': 'application/json', ...own });
      response.end(typeof content === 'string' ? content : JSON.stringify(content));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createHttpClient('daybook-test');
  try {
    const plan = planOfLines(['allow_private: true', ...lines], origin, options.variables);
    const state = options.state ?? initialState({ fetchFingerprint: 'f', shapeFingerprint: 's', databaseId: null });
    const shared = { budget: unlimited, limitOf: () => null, measures: noopMetrics };
    const tools = {
      http: { client, robots: { check: async () => null }, tokens: createAccessTokens(client), ...shared },
    } as unknown as SourceTools;
    const context = contextOf(plan);
    const poll = { plan, state, run: 'run', force: false, window: options.window ?? null };
    const now = options.now ?? new Date();
    const first = await beginPoll(poll, tools, now);
    let position = first && (options.begin ?? ((same) => same))(first, origin);
    const ids: string[] = [];
    const payloads: string[] = [];
    const warnings: string[] = [];
    const letters: string[] = [];
    let fetched = 0;
    for (let fetches = 1; position !== null; fetches++) {
      const from = position;
      const limits = { maxRecords: options.recordsAtOnce ?? 1_000, maxBytes: 1e9, maxMs: 1e9 };
      const front = frontOf(poll, position, now);
      const fetchPages = async (isRepeated: boolean) => {
        const pages = openPages(poll, from, tools, context);
        const known = new Set<string>();
        return collect({ plan, position: from, pages, known, reader: context.reader, limits, front, isRepeated });
      };
      const isKilled = fetches === options.killedFetch;
      if (isKilled) await fetchPages(false);
      const taken = await fetchPages(isKilled);
      for (const { sourceId, payload } of taken.accepted) {
        ids.push(sourceId);
        payloads.push(payload);
      }
      for (const { code, message } of taken.warnings) warnings.push(`${code}: ${message}`);
      for (const { reason, message } of taken.deadLetters) letters.push(`${reason}: ${message}`);
      fetched += taken.counts.fetched;
      // A workflow keeps it as JSON.
      position = JSON.parse(JSON.stringify(taken.position)) as FetchPosition;
      const after: SourceState = { ...state, ...patchAfter(state, position, taken.end, taken.lastPatch) };
      const done = { asked, ids, payloads, warnings, letters, fetched, position, plan, state: after, end: taken.end };
      if (taken.end || fetches >= (options.maxFetches ?? 200)) return done;
    }
    throw new Error('the poll has no position');
  } finally {
    await client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
