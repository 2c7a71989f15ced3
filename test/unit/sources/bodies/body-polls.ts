import { planOf } from '../../../../src/config/plan/plan.ts';
import { unlimited } from '../../../../src/domain/plan/host-budget.ts';
import type { HttpPlan } from '../../../../src/domain/plan/source-plan.ts';
import { noopMetrics } from '../../../../src/domain/run/metrics.ts';
import type { FetchPosition, PollEnd } from '../../../../src/domain/state/fetch-position.ts';
import { patchAfter } from '../../../../src/domain/state/poll.ts';
import type { SourceState } from '../../../../src/domain/state/source-state.ts';
import { collect } from '../../../../src/sources/collect/collect.ts';
import { OpenReaders } from '../../../../src/sources/files/open-readers.ts';
import { createAccessTokens } from '../../../../src/sources/http/auth.ts';
import { createHttpClient } from '../../../../src/sources/http/http-client.ts';
import { beginPoll, frontOf, openPages, type SourceTools } from '../../../../src/sources/open-source.ts';
import type { BlobStore } from '../../../../src/store/blobs/blob-store.ts';
import { createBodyCopies } from '../../../../src/store/run/body-copies.ts';
import { createMemoryStore } from '../../../support/memory-store.ts';
import { daybookYaml, parse } from '../../config/daybook-yaml.ts';
import { contextOf, state as fresh } from '../plans.ts';

/** The plan of a source of type `http` at an address; each line is a key of it. */
export function planFor(url: string, ...lines: readonly string[]): HttpPlan {
  const keys = ['name: rows', 'type: http', `url: "${url}"`, 'id: id', 'occurred_at: at', 'allow_private: true'];
  const given = new Map([...keys, ...lines].map((line) => [line.slice(0, line.indexOf(':')), line]));
  const text = [...given.values()].map((line, index) => `  ${index === 0 ? '- ' : '  '}${line}`).join('\n');
  const config = parse(daybookYaml([text]));
  const [source] = config.sources;
  if (!source) throw new Error('expected a source');
  const plan = planOf(config, source);
  if (plan.type === 'file' || plan.type === 'module') throw new Error('expected a source over HTTP');
  return plan;
}

export interface PollOptions {
  readonly state?: SourceState;
  /** Records of one fetch. */
  readonly atOnce?: number;
  /** Called between two fetches. */
  readonly between?: (fetches: number, position: FetchPosition) => void | Promise<void>;
  /** Every fetch is made by another worker: no reader stays open. */
  readonly forgets?: boolean;
  readonly store?: BlobStore;
  /** Nothing is stored. */
  readonly isPreview?: boolean;
  readonly window?: { readonly from: string; readonly to: string };
}

/** Bodies up to this size are held: tests need no large ones. */
const wholeBytes = 64 * 1024;

/** What became of a poll. */
export interface Polled {
  readonly ids: readonly string[];
  readonly payloads: readonly Record<string, unknown>[];
  readonly refused: readonly string[];
  readonly warnings: readonly string[];
  readonly messages: readonly string[];
  readonly fetches: number;
  readonly position: FetchPosition;
  readonly end: PollEnd;
  readonly state: SourceState;
  readonly unchanged: number;
  /** Largest position that a workflow had to carry, in bytes. */
  readonly carried: number;
}

/** Polls a source to its end as the activities do, with real requests. */
export async function poll(plan: HttpPlan, options: PollOptions = {}): Promise<Polled> {
  const { state = fresh, atOnce = 1_000, between, forgets = false, isPreview = false, window = null } = options;
  const store = options.store ?? createMemoryStore();
  const client = createHttpClient('daybook/test');
  const shared = { budget: unlimited, limitOf: () => null, measures: noopMetrics };
  const http = { client, robots: { check: async () => null }, tokens: createAccessTokens(client), ...shared };
  const copies = (run: string) => createBodyCopies(store, plan.name, run);
  const readers = new OpenReaders();
  const tools = { http, readers, wholeBytes, ...(isPreview ? {} : { copies }) } as unknown as SourceTools;
  const asking = { plan, state, run: 'run', force: false, window };
  const context = contextOf(plan);
  const known = new Set<string>();
  const ids: string[] = [];
  const payloads: Record<string, unknown>[] = [];
  const refused: string[] = [];
  const warnings: string[] = [];
  const messages: string[] = [];
  let unchanged = 0;
  let carried = 0;
  try {
    let position = await beginPoll(asking, tools, new Date());
    for (let fetches = 1; position !== null && fetches < 500; fetches++) {
      const reader = contextOf(plan).reader;
      const pages = openPages(asking, position, tools, { ...context, reader });
      const limits = { maxRecords: atOnce, maxBytes: 1e9, maxMs: 1e9 };
      const front = frontOf(asking, position, new Date());
      const taken = await collect({ plan, position, pages, known, reader, limits, front });
      await pages.return(undefined);
      for (const { sourceId, payload } of taken.accepted) {
        ids.push(sourceId);
        payloads.push(JSON.parse(payload) as Record<string, unknown>);
      }
      for (const { reason } of taken.deadLetters) refused.push(reason);
      for (const { code, message } of taken.warnings) {
        warnings.push(code);
        messages.push(message);
      }
      for (const digest of taken.digests) known.add(digest);
      unchanged += taken.counts.unchanged;
      const after = { ...state, ...patchAfter(state, taken.position, taken.end, taken.lastPatch) };
      if (taken.end) {
        const rest = { fetches, position: taken.position, end: taken.end, state: after, unchanged, carried };
        return { ids, payloads, refused, warnings, messages, ...rest };
      }
      const wire = JSON.stringify(taken.position);
      carried = Math.max(carried, wire.length);
      position = JSON.parse(wire) as FetchPosition;
      if (forgets) await readers.closeAll();
      await between?.(fetches, position);
    }
  } finally {
    await readers.closeAll();
    await client.close();
  }
  throw new Error('the poll does not end');
}

/** What a poll fails with. */
export async function failureOf(work: Promise<unknown>): Promise<Error & { readonly type?: string }> {
  return work.then(
    () => {
      throw new Error('expected a failure');
    },
    (error: unknown) => error as Error,
  );
}

export const at = '2026-11-01T00:00:00Z';

/** So many rows of CSV, some 100 bytes each. */
export function csvRows(count: number, from = 0): string {
  let text = 'id,at,text\n';
  for (let n = from; n < from + count; n++) text += `r${n},${at},"row ${n}, ${'x'.repeat(60)}"\n`;
  return text;
}
