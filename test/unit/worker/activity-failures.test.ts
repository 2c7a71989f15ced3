import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from 'vitest';
import type { Activities } from '../../../src/activities/index.ts';
import { createSettleReplay } from '../../../src/activities/dead-letters/hide-replayed.ts';
import { createRebuildJournal } from '../../../src/activities/journal/rebuild-journal.ts';
import { createReleaseBatches } from '../../../src/activities/run/release-batches.ts';
import { createSaveReceipt } from '../../../src/activities/run/save-receipt.ts';
import { RecentBatches } from '../../../src/store/delivery/recent-batches.ts';
import { createWriteBatch } from '../../../src/activities/run/write-batch.ts';
import { adapterContext } from '../../../src/activities/support/adapter-context.ts';
import type { ActivityDependencies } from '../../../src/activities/support/dependencies.ts';
import type { NamesSource } from '../../../src/domain/run/log-source.ts';
import type { PairSide } from '../../../src/domain/storage/store-pair.ts';
import { openConfigFile } from '../../../src/config/file/config-file.ts';
import {
  BatchGone,
  ConfigChanged,
  HostBusy,
  SinkUnavailable,
  SourceUnavailable,
  WorkerBusy,
} from '../../../src/domain/errors.ts';
import { batchOf } from '../../postgres/batches.ts';
import { activityEnvironment } from '../activities/environment.ts';
import { aReceipt } from '../domain/a-receipt.ts';
import { useTemporaryFolder } from '../store/temporary-folder.ts';

const folder = useTemporaryFolder();
const secrets: Record<string, string> = { NEWS_KEY: 'news-key-1234', WIRE_KEY: 'wire-key-5678' };
let file: string;
let dependencies: ActivityDependencies;

beforeEach(() => {
  file = join(folder.path, 'daybook.yaml');
  configure('news', 'wire');
  const lookUp = (name: string) => secrets[name];
  dependencies = {
    config: openConfigFile(file, lookUp),
    lookUp,
    recentBatches: new RecentBatches(),
    csv: { sink: 'csv' },
    http: { tokens: { redact: (text: string) => text.replaceAll('token-9012', '[redacted]') } },
  } as unknown as ActivityDependencies;
});

function configure(...names: readonly string[]): void {
  const sources = names.map(
    (name) =>
      `  - { name: ${name}, type: http_json, url: "https://example.com/", id: id, occurred_at: at, headers: { X-Key: "\${env:${name.toUpperCase()}_KEY}" } }\n`,
  );
  writeFileSync(file, `version: 1\nsources:\n${sources.join('')}`);
}

/** Everything that an activity asks of its store or database fails with this. */
function failingWith(error: unknown): ActivityDependencies {
  const fail = () => {
    throw error;
  };
  // A test may await what holds it.
  const store = new Proxy({}, { get: (_target, name) => (name === 'then' ? undefined : fail) });
  return { ...dependencies, store: store as ActivityDependencies['store'], settleRestored: fail };
}

const environment = (attempt = 1) => activityEnvironment(dependencies, { attempt });

async function failureOf(error: unknown, attempt = 1): Promise<ApplicationFailure> {
  const activity = createReleaseBatches(failingWith(error));
  const input = { source: 'news', batches: [batchOf('news', [])] };
  try {
    await environment(attempt).run(activity, input);
  } catch (failure) {
    return failure as ApplicationFailure;
  }
  throw new Error('found no failure, expected one');
}

interface Expected {
  readonly type: string;
  readonly nonRetryable: boolean;
  readonly message: string;
  readonly nextRetryDelay?: number;
}

describe('the failure of an activity', () => {
  const own = ApplicationFailure.create({ type: 'Own', message: 'its own', nonRetryable: true, details: [1, 'two'] });

  test.each<[unknown, Expected]>([
    [new SinkUnavailable('store: full'), { type: 'SinkUnavailable', nonRetryable: false, message: 'store: full' }],
    [new BatchGone('spool: gone'), { type: 'BatchGone', nonRetryable: true, message: 'spool: gone' }],
    [
      new SourceUnavailable('http: 503', { retryAfterMs: 7_000 }),
      { type: 'SourceUnavailable', nonRetryable: false, message: 'http: 503', nextRetryDelay: 7_000 },
    ],
    [
      new WorkerBusy('delivery: busy', { retryAfterMs: 3_500 }),
      { type: 'WorkerBusy', nonRetryable: false, message: 'delivery: busy', nextRetryDelay: 3_500 },
    ],
    [
      new ConfigChanged('config: another', 500),
      { type: 'ConfigChanged', nonRetryable: false, message: 'config: another', nextRetryDelay: 500 },
    ],
    [new ConfigChanged('config: other', null), { type: 'ConfigChanged', nonRetryable: true, message: 'config: other' }],
    [new HostBusy('http: busy', 900), { type: 'HostBusy', nonRetryable: false, message: 'http: busy' }],
    [new TypeError('x is undefined'), { type: 'Unexpected', nonRetryable: false, message: 'x is undefined' }],
    ['only a text', { type: 'Unexpected', nonRetryable: false, message: 'only a text' }],
  ])('has what its error says of retries: %s', async (error, { nextRetryDelay, ...expected }) => {
    const failure = await failureOf(error);
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject(expected);
    expect(failure.nextRetryDelay).toBe(nextRetryDelay);
    expect(failure.cause).toBeUndefined();
    expect(failure.details ?? []).toEqual([]);
  });

  test('is the same one where it was made for Temporal, details included', async () => {
    expect(await failureOf(own)).toBe(own);
    const cancelled = new CancelledFailure('no longer wanted', ['why']);
    expect(await failureOf(cancelled)).toBe(cancelled);
  });

  test.each([
    [1, 1_000],
    [3, 4_000],
    [20, 30_000],
  ])('of a collision is tried again after a blurred delay: attempt %s, about %s ms', async (attempt, about) => {
    const { nextRetryDelay } = await failureOf(new SinkUnavailable('postgres: deadlock', { jitter: true }), attempt);
    expect(nextRetryDelay).toBeGreaterThanOrEqual(about * 0.75);
    expect(nextRetryDelay).toBeLessThanOrEqual(about * 1.25);
  });

  test('of a collision waits as long after attempts that another activity has made', async () => {
    const activity = createReleaseBatches(failingWith(new SinkUnavailable('postgres: deadlock', { jitter: true })));
    const input = { source: 'news', batches: [batchOf('news', [])], attemptsBefore: 2 };
    const failure: unknown = await environment()
      .run(activity, input)
      .catch((error: unknown) => error);
    expect((failure as ApplicationFailure).nextRetryDelay).toBeGreaterThanOrEqual(3_000);
  });

  test('has no stack where Daybook knows the error, and one where not', async () => {
    expect((await failureOf(new BatchGone('gone'))).stack).toBe('');
    expect((await failureOf(new Error('odd'))).stack).toContain('odd');
  });

  test('is the cancellation, whatever the activity makes of it', async () => {
    const { cancel, run } = cancellable();
    const failed = run();
    cancel();
    await expect(failed).rejects.toBeInstanceOf(CancelledFailure);
  });
});

function createSettleRestored(of: ActivityDependencies) {
  const activities = createRebuildJournal(of);
  return (input: { readonly side: PairSide }) => activities.settleRestored(input);
}

/** An activity that a store fails once it is cancelled. */
function cancellable() {
  const world = environment();
  const refused = new Promise<never>((_resolve, reject) => {
    world.context.cancellationSignal.addEventListener('abort', () => reject(new SinkUnavailable('store: closed')));
  });
  const activity = createSettleRestored({ ...dependencies, settleRestored: () => refused });
  return { cancel: () => world.cancel('CANCELLED'), run: () => world.run(activity, { side: 'store' as const }) };
}

describe('the message of a failed activity', () => {
  const echo = new SinkUnavailable('store: news-key-1234 wire-key-5678 token-9012 https://h/?api_key=plain');
  const ofNews = 'store: [redacted] wire-key-5678 [redacted] https://h/?api_key=[redacted]';
  const run = { source: 'news', workflowId: 'scrape/news', firstRunId: 'run' };

  test.each<[string, (failing: ActivityDependencies) => Promise<unknown>]>([
    [
      'source',
      (failing) => environment().run(createReleaseBatches(failing), { ...run, batches: [batchOf('news', [])] }),
    ],
    ['run', (failing) => environment().run(createSettleReplay(failing), { run, taken: 'taken-0-1', number: 0 })],
    ['batch', (failing) => environment().run(createWriteBatch(failing).writeCsv, { batch: batchOf('news', []) })],
    [
      'receipt',
      (failing) =>
        environment().run(createSaveReceipt(failing), { receipt: aReceipt({ source: 'news' }), verdicts: [] }),
    ],
  ])('has no secret of the source that its input names in `%s`', async (_where, fail) => {
    await expect(fail(failingWith(echo))).rejects.toMatchObject({ message: ofNews, type: 'SinkUnavailable' });
  });

  test('hides secrets of a source that is gone from the configuration since', async () => {
    expect((await failureOf(echo)).message).toBe(ofNews);
    configure('wire');
    expect((await failureOf(echo)).message).toBe(ofNews);
  });

  test('hides parameters of addresses only where the activity concerns no source', async () => {
    await expect(
      environment().run(createSettleRestored(failingWith(echo)), { side: 'store' as const }),
    ).rejects.toMatchObject({
      message: 'store: news-key-1234 wire-key-5678 token-9012 https://h/?api_key=[redacted]',
    });
  });
});

describe('heartbeats of an activity', () => {
  afterEach(() => void vi.useRealTimers());

  test('are sent while it works, with what it said of its progress last', async () => {
    vi.useFakeTimers();
    const world = environment();
    const heartbeats: unknown[] = [];
    world.on('heartbeat', (details) => heartbeats.push(details));
    const done = world.run(async () => {
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      for (const batches of [1, 2]) adapterContext().onProgress({ batches });
      await new Promise((resolve) => setTimeout(resolve, 5_000));
    });
    await vi.advanceTimersByTimeAsync(60_000);
    await done;
    expect(heartbeats).toEqual([undefined, { batches: 2 }, { batches: 2 }]);
  });
});

/** Those that concern all sources, or one perhaps. */
type OfNoSource =
  | 'probeSources'
  | 'makePartitions'
  | 'tidyPartitions'
  | 'indexPayloads'
  | 'retirePartitions'
  | 'maintainPartitions'
  | 'settleMaintenance'
  | 'sweepSpool'
  | 'sealCsv'
  | 'wakeDeliverers'
  | 'probeSink'
  | 'resumeDeliveries'
  | 'cleanCanary'
  | 'settleCanary'
  | 'settleRestored'
  | 'planRebuild'
  | 'planJournalReplay'
  | 'replayDay';

describe('the input of an activity', () => {
  test('names its source where the interceptors look for it, or concerns none', () => {
    type Without = {
      [Name in keyof Activities]: Parameters<Activities[Name]>[0] extends NamesSource ? never : Name;
    }[keyof Activities];
    expectTypeOf<Without>().toEqualTypeOf<OfNoSource>();
  });
});
