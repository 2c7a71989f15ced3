import type { DaybookError } from '../../../src/domain/errors.ts';
import { expect } from 'vitest';
import type { BatchRef, RunRef } from '../../../src/domain/run/batch.ts';
import { emptyTally, noCounts, type Receipt } from '../../../src/domain/run/receipt.ts';
import type { FileProgress } from '../../../src/domain/state/file-progress.ts';
import { initialState } from '../../../src/domain/state/source-state.ts';
import { openAlerts, settleAlerts } from '../../../src/store/alerts/alerts.ts';
import { createArchives } from '../../../src/store/journal/archives.ts';
import { readBatch, spoolRecords } from '../../../src/store/delivery/batches.ts';
import type { BlobStore } from '../../../src/store/blobs/blob-store.ts';
import { readCanaryReport, writeCanaryReport } from '../../../src/store/canary/canary-report.ts';
import { listDeadLetters, writeDeadLetters } from '../../../src/store/dead-letters/dead-letters.ts';
import { markDeferred, markMissing, takeMarker } from '../../../src/store/delivery/deferred.ts';
import { lastDelivered, writeDeliveryReceipt } from '../../../src/store/delivery/delivery-receipts.ts';
import { readLastReceipt, writeReceipt } from '../../../src/store/run/receipts.ts';
import { LastRuns, readLastRuns } from '../../../src/store/run/last-runs.ts';
import { FanOutStore } from '../../../src/store/fan-out/fan-out-store.ts';
import { emptyRoot } from '../../../src/store/fan-out/fan-out-root.ts';
import { listQueued, queueParents, readQueued } from '../../../src/store/fan-out/queued-parents.ts';
import { CopyGone } from '../../../src/domain/storage/body-copies.ts';
import { createBodyCopies } from '../../../src/store/run/body-copies.ts';
import { createFeedItemsStore } from '../../../src/store/run/feed-items.ts';
import { readIdRule, writeIdRule } from '../../../src/store/run/id-rules.ts';
import { createExportJobs } from '../../../src/store/run/export-jobs.ts';
import { createFileProgressStore } from '../../../src/store/run/file-progress.ts';
import { discardDeadLetter, hideReplayed } from '../../../src/store/dead-letters/dead-letter-visibility.ts';
import { storedPauses } from '../../../src/store/run/pauses.ts';
import { createHostBudgets } from '../../../src/store/run/host-budgets.ts';
import { readKeptConfig, writeKeptConfig } from '../../../src/store/kept-configs.ts';
import { storePaths, type StoreKind } from '../../../src/store/paths/paths.ts';
import { newIdentity, readIdentity, writeIdentity } from '../../../src/store/identity.ts';
import { createTokenChains } from '../../../src/store/run/token-chains.ts';
import { createSeenKeys } from '../../../src/store/run/seen-keys.ts';
import {
  recordReplayed,
  planReplay,
  readReplayPage,
  readReplayed,
} from '../../../src/store/dead-letters/replay-plan.ts';
import { readState, writeState } from '../../../src/store/run/states.ts';
import { storedJson } from '../../../src/store/blobs/stored-json.ts';
import { noteWaitingReason, readWaitingReason } from '../../../src/store/delivery/waiting-reason.ts';
import { chooseWindows, writeWindow } from '../../../src/store/backfill/window-results.ts';
import { verifiedArchives } from '../../../src/sinks/postgres/days/verified-archives.ts';

/** What is promised of a kind of file that is damaged. */
export interface StoredKind {
  /** Writes one as Daybook does; returns its path. */
  readonly write: (store: BlobStore) => Promise<string>;
  /** What a reader makes of it. */
  readonly read: (store: BlobStore) => Promise<unknown>;
  /** What it makes of it where it is whole; and where it is damaged. */
  readonly whole: unknown;
  readonly damaged: unknown;
  /**
   * `aside` = moved below `damaged/`, an alert reports it, and the work continues as if it did not exist. `rebuilt` = it is written
   * again from other facts. `stays` = it stays where it is, and a reader that needs it says so. `unread` = its name alone counts.
   */
  readonly fate: 'aside' | 'rebuilt' | 'stays' | 'unread';
}

const asItIs = { hide: (text: string) => text, reveal: async (text: string) => text };
const source = 'news';
const at = '2026-11-23T10:00:00.000Z';
const day = '2026-11-23';
const now = new Date(at);
const run: RunRef = { source, workflowId: 'scrape-news-1', firstRunId: 'run-1' };
const record = {
  sourceId: 'a',
  occurredAt: 1_795_000_000_000_000n,
  payload: '{"n":1}',
  repaired: false,
  timeFromRecord: true,
};
const letter = { reason: 'missing_id', message: 'none', at, page: 1, index: 0, recordText: '{"n":1}' } as const;
const receipt: Receipt = {
  ...emptyTally,
  source,
  outcome: 'ok',
  workflowId: 'w',
  runId: 'r',
  startedAt: at,
  finishedAt: at,
  resume: { watermark: null },
};
const window = { from: '2026-11-01T00:00:00.000000Z', to: '2026-11-02T00:00:00.000000Z' };
const state = initialState({ fetchFingerprint: 'f', shapeFingerprint: 's', databaseId: null });
const unknownState = { state: null, damaged: false, epoch: 0 };
const chain = 'c'.repeat(64);
const link = { refreshToken: 'next', accessToken: 'now', askedAtMs: 1, renewAtMs: 2 };
const tokenChains = (store: BlobStore) => createTokenChains(store, () => new Uint8Array(32));
const progress: FileProgress = {
  offset: 10,
  lines: 1,
  size: 10,
  headBytes: 10,
  headHash: 'h',
  complete: true,
  waitsForNewline: false,
};

async function spool(store: BlobStore): Promise<BatchRef> {
  const [batch] = await spoolRecords(store, run, 3, [record], now);
  if (!batch) throw new Error('no batch');
  return batch;
}

async function writeLetters(store: BlobStore): Promise<string> {
  await writeDeadLetters(store, run, 0, '', [letter]);
  return storePaths.deadLetters.build({ ...run, number: 0, part: '', more: null });
}

async function letterId(store: BlobStore): Promise<string> {
  return (await listDeadLetters(store, { discarded: true }))[0]?.id ?? '';
}

const shownLetters = async (store: BlobStore) => (await listDeadLetters(store, {})).map(({ record: shown }) => shown);
const taken = { at, run: 'replay', ids: ['x'] };
const archives = (store: BlobStore) => createArchives(store);
/** Reading refuses, and names the file. */
const refusal = async (work: Promise<unknown>) =>
  work.catch((error: Error) => /archives\/\S+/.exec(error.message)?.[0]);

async function writeArchive(store: BlobStore): Promise<string> {
  const { path, digest } = await archives(store).write(
    day,
    [Buffer.from('id\n"1"\n')] as never,
    new AbortController().signal,
  );
  const rows = {
    day,
    columns: ['id'],
    serverVersion: '18',
    minId: '1',
    maxId: '1',
    minOccurredAt: null,
    maxOccurredAt: null,
  };
  await archives(store).describe(path, { ...rows, ...digest });
  return path;
}

async function* bytesOf(text: string) {
  yield Buffer.from(text);
}

export const storedKinds: { readonly [Kind in StoreKind]: StoredKind } = {
  // A part that is not what was copied is as one that is gone: the body is requested again.
  download: {
    async write(store) {
      const { name } = await createBodyCopies(store, source, 'run-1').write(bytesOf('a body'), () => {});
      return storePaths.download.build({ source, runId: 'run-1', name, part: 0 });
    },
    async read(store) {
      const [path = ''] = await store.list(storePaths.download.folder({ source, runId: 'run-1' }));
      const { name = '' } = storePaths.download.parse(path) ?? {};
      const parts: Buffer[] = [];
      try {
        const copy = createBodyCopies(store, source, 'run-1').stream({ name, bytes: 6 }, 0);
        for await (const part of copy) parts.push(part);
      } catch (error) {
        return error instanceof CopyGone ? 'gone' : error;
      }
      return Buffer.concat(parts).toString();
    },
    whole: 'a body',
    damaged: 'gone',
    fate: 'unread',
  },
  // Its count and hash are checked where it is read.
  batch: {
    write: async (store) => storePaths.batch.build(await spool(store)),
    // To spool it once more would repair it.
    read: async (store) =>
      readBatch(
        store,
        await spool({
          ...store,
          putIfAbsent: async () => true,
        }),
      ).then(
        () => 'read',
        () => 'refused',
      ),
    whole: 'read',
    damaged: 'refused',
    fate: 'stays',
  },
  exportJob: {
    async write(store) {
      await createExportJobs(store, run, asItIs).keepDocuments(0, ['https://files.example.com/1']);
      return storePaths.exportJob.build({ ...run, number: 0, part: 'documents' });
    },
    read: (store) => createExportJobs(store, run, asItIs).documents(0),
    whole: ['https://files.example.com/1'],
    damaged: null,
    fate: 'aside',
  },
  replayNote: {
    async write(store) {
      await writeLetters(store);
      await planReplay(store, run, {}, 'plan-1');
      return storePaths.replayNote.build({
        ...run,
        name: 'plan-1-0',
      });
    },
    read: (store) =>
      readReplayPage(
        store,
        run,
        {
          name: 'plan-1',
          pages: 1,
          letters: 1,
        },
        0,
      ).then(
        (letters) => letters.length,
        (error: Error) => error.name,
      ),
    whole: 1,
    damaged: 'DamagedFile',
    fate: 'aside',
  },
  marker: {
    async write(store) {
      const batch = await spool(store);
      await markDeferred(store, 'csv', {
        batch,
        reason: 'away',
        since: at,
      });
      return storePaths.marker.build({
        sink: 'csv',
        ...batch,
      });
    },
    async read(store) {
      const path = storePaths.marker.build({
        sink: 'csv',
        ...(await spool(store)),
      });
      const found = await takeMarker(store, path);
      return found && 'ok' in found ? found.ok.batch : found;
    },
    whole: expect.objectContaining({
      number: 3,
      records: 1,
      ...run,
    }),
    fate: 'rebuilt',
    damaged: expect.objectContaining({
      number: 3,
      records: 1,
      ...run,
    }),
  },
  waitingReason: {
    async write(store) {
      await noteWaitingReason(store, 'csv', source, 'away');
      return storePaths.waitingReason.build({
        sink: 'csv',
        source,
      });
    },
    read: (store) => readWaitingReason(store, 'csv', source).then((found) => found?.reason ?? null),
    whole: 'away',
    damaged: null,
    fate: 'aside',
  },
  missingMarker: {
    async write(store) {
      const batch = await spool(store);
      await markMissing(
        store,
        'csv',
        {
          batch,
          reason: 'away',
          since: at,
        },
        0,
      );
      return storePaths.missingMarker.build({
        sink: 'csv',
        ...batch,
      });
    },
    read: (store) => store.list(storePaths.missingMarker.folder({})).then((paths) => paths.length),
    whole: 1,
    damaged: 1,
    fate: 'unread',
  },
  damaged: {
    async write(store) {
      const path = storePaths.damaged.build({
        path: 'state/news.json',
        number: 1,
      });
      await store.put(path, 'anything');
      return path;
    },
    read: (store) => readState(store, source),
    whole: unknownState,
    damaged: unknownState,
    fate: 'unread',
  },
  state: {
    async write(store) {
      await writeState(store, source, state);
      return storePaths.state.build({ source });
    },
    read: (store) => readState(store, source).then((found) => found.state),
    whole: state,
    damaged: null,
    fate: 'aside',
  },
  stateEpoch: {
    async write(store) {
      const path = storePaths.stateEpoch.build({
        source,
        epoch: 1,
      });
      await store.put(
        path,
        storedJson({
          state: {
            ...state,
            epoch: 1,
          },
        }),
      );
      return path;
    },
    // It stays known that a command changed the state: what an open run saves does not count.
    read: (store) => readState(store, source).then((found) => [found.epoch, found.state]),
    whole: [
      1,
      {
        ...state,
        epoch: 1,
      },
    ],
    damaged: [1, null],
    fate: 'aside',
  },
  idRule: {
    async write(store) {
      await writeIdRule(store, source, {
        id: ['code'],
        before: at,
        done: true,
      });
      return storePaths.idRule.build({ source });
    },
    // If it were treated as missing, runs would store its records again.
    read: (store) => readIdRule(store, source).catch(({ type }: DaybookError) => type),
    whole: {
      id: ['code'],
      before: at,
      done: true,
    },
    damaged: 'DamagedFile',
    fate: 'stays',
  },
  pollKeys: {
    async write(store) {
      const name = await createSeenKeys(store).write(source, ['k'], []);
      return storePaths.pollKeys.build({
        source,
        name,
      });
    },
    async read(store) {
      const [path = ''] = await store.list(storePaths.pollKeys.folder({ source }));
      const name = storePaths.pollKeys.parse(path)?.name ?? 'gone';
      return [...(await createSeenKeys(store).read(source, [name]))];
    },
    whole: ['k'],
    damaged: [],
    fate: 'aside',
  },
  fileProgress: {
    async write(store) {
      const name = await createFileProgressStore(store).write(source, new Map([['a', progress]]));
      return storePaths.fileProgress.build({
        source,
        name,
      });
    },
    async read(store) {
      const [path = ''] = await store.list(storePaths.fileProgress.folder({ source }));
      const name = storePaths.fileProgress.parse(path)?.name ?? 'gone';
      return [...(await createFileProgressStore(store).read(source, name))];
    },
    whole: [['a', progress]],
    damaged: [],
    fate: 'aside',
  },
  feedItems: {
    async write(store) {
      const name = await createFeedItemsStore(store).write(source, 'key pair content');
      return storePaths.feedItems.build({
        source,
        name,
      });
    },
    async read(store) {
      const [path = ''] = await store.list(storePaths.feedItems.folder({ source }));
      return createFeedItemsStore(store).read(source, storePaths.feedItems.parse(path)?.name ?? 'gone');
    },
    whole: 'key pair content',
    damaged: null,
    fate: 'aside',
  },
  fanOut: {
    async write(store) {
      const name = await new FanOutStore(store).write(source, emptyRoot('parents'));
      return storePaths.fanOut.build({ source, name });
    },
    async read(store) {
      const [path = ''] = await store.list(storePaths.fanOut.folder({ source }));
      const root = await new FanOutStore(store).root(source, storePaths.fanOut.parse(path)?.name);
      return root && root.source;
    },
    whole: 'parents',
    damaged: null,
    fate: 'aside',
  },
  queuedParents: {
    async write(store) {
      await queueParents(store, run, 0, ['{"id":1}']);
      return storePaths.queuedParents.build({ source, firstRunId: run.firstRunId, number: 0 });
    },
    async read(store) {
      const [part = ''] = await listQueued(store, source);
      return readQueued(store, source, part);
    },
    whole: ['{"id":1}'],
    damaged: [],
    fate: 'aside',
  },
  pause: {
    async write(store) {
      await storedPauses(store).write(source, { by: 'ann', reason: 'x', until: null });
      return storePaths.pause.build({ source });
    },
    read: (store) => storedPauses(store).read(source),
    whole: { by: 'ann', reason: 'x', until: null },
    damaged: null,
    fate: 'aside',
  },
  alert: {
    async write(store) {
      await settleAlerts(
        store,
        source,
        [
          {
            name: 'run_failed',
            message: 'x',
          },
        ],
        now,
      );
      return storePaths.alert.build({
        source,
        name: 'run_failed',
      });
    },
    read: (store) =>
      openAlerts(store).then((alerts) => alerts.map(({ name }) => name).filter((name) => name !== 'store')),
    whole: ['run_failed'],
    damaged: [],
    fate: 'aside',
  },
  closure: {
    async write(store) {
      await createHostBudgets(store).slowDown('a.test', new Date(now.getTime() + 60_000));
      return storePaths.closure.build({ host: 'a.test' });
    },
    read: (store) =>
      createHostBudgets(store)
        .take('a.test', null, now)
        .then(({ kind }) => kind),
    whole: 'later',
    damaged: 'go',
    fate: 'aside',
  },
  hostSlots: {
    async write(store) {
      await createHostBudgets(store).take('a.test', { requests: 1, perMs: 1_000 }, now);
      return storePaths.hostSlots.build({ host: 'a.test', requests: 1, perMs: 1_000, place: now.getTime() / 1_000 });
    },
    read: (store) =>
      createHostBudgets(store)
        .take('a.test', { requests: 1, perMs: 1_000 }, now)
        .then(({ waitMs }) => waitMs > 0),
    whole: true,
    damaged: true,
    fate: 'unread',
  },
  earlierHostSlot: {
    async write(store) {
      const path = storePaths.earlierHostSlot.build({ host: 'a.test', requests: 1, perMs: 1_000, place: 1 });
      await store.put(path, '');
      return path;
    },
    read: (store) => store.list(storePaths.earlierHostSlot.folder({})),
    whole: ['limits/a%2Etest/1-1000/1'],
    damaged: ['limits/a%2Etest/1-1000/1'],
    fate: 'unread',
  },
  token: {
    async write(store) {
      await tokenChains(store).save(chain, 1, link);
      return storePaths.token.build({ chain, number: 1 });
    },
    read: (store) =>
      tokenChains(store)
        .last(chain)
        .then((last) => last.link?.refreshToken ?? 'unreadable'),
    whole: link.refreshToken,
    damaged: 'unreadable',
    fate: 'stays',
  },
  tokenClaim: {
    async write(store) {
      await tokenChains(store).claim(chain, 1, 1);
      return storePaths.tokenClaim.build({ chain, number: 1, attempt: 1 });
    },
    read: (store) => tokenChains(store).claim(chain, 1, 1),
    whole: false,
    damaged: false,
    fate: 'unread',
  },
  receipt: {
    async write(store) {
      await writeReceipt(store, receipt);
      return storePaths.receipt.build({
        ...receipt,
        day,
      });
    },
    read: (store) => readLastReceipt(store, source, now),
    whole: receipt,
    damaged: null,
    fate: 'aside',
  },
  lastRuns: {
    async write(store) {
      const lastRuns = new LastRuns({ store, worker: 'host-1', isConfigured: () => true, onError: () => {} });
      lastRuns.note({ receipt, state });
      await lastRuns.close();
      return storePaths.lastRuns.build({ worker: 'host-1' });
    },
    read: (store) => readLastRuns(store).then((runs) => runs.get(source)?.receipt ?? null),
    whole: receipt,
    damaged: null,
    fate: 'aside',
  },
  window: {
    async write(store) {
      await writeWindow(store, window, receipt);
      return storePaths.window.build({
        source,
        window,
      });
    },
    read: (store) => chooseWindows(store, source, [window], 'missing'),
    whole: [],
    damaged: [window],
    fate: 'aside',
  },
  delivery: {
    async write(store) {
      const delivery = {
        source,
        sink: 'csv',
        batches: 1,
        hashes: ['h'],
        counts: noCounts,
        startedAt: at,
        finishedAt: at,
      } as const;
      await writeDeliveryReceipt(store, {
        ...delivery,
        workflowId: 'w',
        runId: 'r',
      });
      return storePaths.delivery.build({
        ...delivery,
        day,
      });
    },
    read: async (store) => [...(await lastDelivered(store, 'csv', source, new Date(at)))],
    whole: ['h'],
    damaged: [],
    fate: 'aside',
  },
  deadLetters: {
    write: writeLetters,
    read: shownLetters,
    whole: [{ n: 1 }],
    damaged: [],
    fate: 'aside',
  },
  discarded: {
    async write(store) {
      await writeLetters(store);
      const id = await letterId(store);
      await discardDeadLetter(store, id, now);
      return storePaths.discarded.build({ id });
    },
    read: shownLetters,
    whole: [],
    damaged: [{ n: 1 }],
    fate: 'aside',
  },
  replayed: {
    async write(store) {
      await writeLetters(store);
      await hideReplayed(
        store,
        {
          ...run,
          firstRunId: 'replay',
        },
        1,
        {
          ...taken,
          ids: [await letterId(store)],
        },
      );
      return storePaths.replayed.build({
        source,
        firstRunId: 'replay',
        number: 1,
      });
    },
    read: shownLetters,
    whole: [],
    damaged: [{ n: 1 }],
    fate: 'aside',
  },
  config: {
    async write(store) {
      const config = {
        version: 1,
        sources: [{ name: source }],
      };
      const kept = {
        file: '/srv/daybook.yaml',
        config,
        schemas: {},
        modules: {},
        leftOut: [],
      };
      await writeKeptConfig(store, 'daybook', kept, now);
      return storePaths.config.build({ instance: 'daybook' });
    },
    read: (store) => readKeptConfig(store, 'daybook').then((kept) => kept?.savedAt ?? null),
    whole: at,
    damaged: null,
    fate: 'aside',
  },
  canaryReport: {
    async write(store) {
      await writeCanaryReport(store, {
        at,
        ok: true,
        workflowId: 'c',
        lagMs: 5,
        error: null,
      });
      return storePaths.canaryReport.build({});
    },
    read: (store) => readCanaryReport(store).then((report) => report?.lagMs ?? null),
    whole: 5,
    damaged: null,
    fate: 'aside',
  },
  doctorProbe: {
    async write(store) {
      await store.put(storePaths.doctorProbe.build({}), 'x');
      return storePaths.doctorProbe.build({});
    },
    read: async () => null,
    whole: null,
    damaged: null,
    fate: 'unread',
  },
  archive: {
    write: writeArchive,
    read: (store) => refusal(verifiedArchives(archives(store), day).then(([found]) => found?.manifest.rows)),
    whole: 1,
    damaged: `archives/${day}.csv.gz`,
    fate: 'stays',
  },
  identity: {
    async write(store) {
      await writeIdentity(store, {
        ...(await newIdentity(store)),
        id: 'id-1',
      });
      return storePaths.identity.build({});
    },
    read: async (store) => (await readIdentity(store))?.id ?? null,
    whole: 'id-1',
    damaged: null,
    fate: 'aside',
  },
  archiveManifest: {
    async write(store) {
      await writeArchive(store);
      return storePaths.archiveManifest.build({
        day,
        number: 1,
      });
    },
    read: (store) =>
      archives(store)
        .list(day)
        .then(([found]) => found?.manifest?.rows ?? null),
    whole: 1,
    damaged: null,
    fate: 'stays',
  },
};

/** The other kind of note: of what a page of a replay has dealt with. */
export const takenNote: StoredKind = {
  async write(store) {
    await recordReplayed(store, run, 'taken-1-1', taken);
    return storePaths.replayNote.build({
      ...run,
      name: 'taken-1-1',
    });
  },
  read: (store) => readReplayed(store, run, 'taken-1-1'),
  whole: taken,
  damaged: null,
  fate: 'aside',
};
