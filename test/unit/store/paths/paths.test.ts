import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sinks } from '../../../../src/domain/run/sink.ts';
import { formatMicros } from '../../../../src/domain/time/timestamp.ts';
import type { PathLayout } from '../../../../src/store/paths/path-layout.ts';
import { bucketPaths, bucketProbes } from '../../../../src/store/paths/bucket-paths.ts';
import {
  journalPaths,
  storeFolders,
  storeKindOf,
  storePaths,
  temporaryPath,
} from '../../../../src/store/paths/paths.ts';
import { anyCharacter } from '../../../support/any-character.ts';

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
const source = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,62}$/);
/** What users may call a workflow: no more than a name can hold unhashed. */
const id = fc.oneof(
  fc.string({ unit: anyCharacter, minLength: 1, maxLength: 8 }),
  fc.constantFrom('..', '.', '../..', 'a/b', 'letters-plan-1-0', '%2E', 'a-b.json', '~2', 'closed.json', 'é🦊'),
);
const name = fc.stringMatching(/^[A-Za-z0-9_.%-]{1,40}$/).filter((text) => !text.startsWith('.'));
const count = fc.nat();
const day = fc.date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
const time = day.map((date) => date.toISOString());
const sink = fc.constantFrom(...sinks);
const run = { source, workflowId: id, firstRunId: id };
const marker = { sink, source, ingestedAt: time, hash: hex(64) };
const dayText = day.map((date) => date.toISOString().slice(0, 10));
const ordinal = fc.integer({ min: 1, max: 1_000 });
const micros = fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n });
const window = fc.record({ from: micros.map(formatMicros), to: micros.map(formatMicros) });

type Values = { readonly [Name in string]: Record<string, fc.Arbitrary<unknown>> };

const inStore: Values & { readonly [Kind in keyof typeof storePaths]: Record<string, fc.Arbitrary<unknown>> } = {
  batch: { ...run, hash: hex(64) },
  replayNote: { ...run, name },
  marker,
  waitingReason: { sink, source },
  missingMarker: marker,
  damaged: { number: ordinal, path: fc.tuple(source, name).map((parts) => `alerts/${parts.join('/')}`) },
  state: { source },
  stateEpoch: { source, epoch: count },
  idRule: { source },
  pollKeys: { source, name },
  fileProgress: { source, name },
  feedItems: { source, name },
  fanOut: { source, name },
  queuedParents: { source, firstRunId: id, number: count },
  exportJob: { ...run, number: count, part: fc.constantFrom('job', 'documents') },
  download: { source, runId: id, name: hex(16), part: count },
  pause: { source },
  alert: { source, name: fc.stringMatching(/^[a-z_]+$/) },
  closure: { host: id },
  hostSlot: { host: id, requests: count, perMs: count, place: count },
  token: { chain: hex(64), number: count },
  tokenClaim: { chain: hex(64), number: count, attempt: ordinal },
  receipt: { source, day: dayText, finishedAt: time, runId: name },
  lastRuns: { worker: id },
  window: { source, window },
  delivery: { source, day: dayText, finishedAt: time, sink },
  deadLetters: {
    source,
    firstRunId: id,
    number: count,
    part: fc.constantFrom('', '-refused'),
    more: fc.option(hex(16)),
  },
  discarded: { id: name },
  replayed: { source, firstRunId: id, number: count },
  config: { instance: fc.stringMatching(/^[a-z0-9-]{1,30}$/) },
  canaryReport: {},
  identity: {},
  doctorProbe: {},
  archive: { day: dayText, number: ordinal },
  archiveManifest: { day: dayText, number: ordinal },
};
const check = fc.option(fc.record({ rows: count, sha256: hex(16) }));
const inJournal: Values & { readonly [Kind in keyof typeof journalPaths]: Record<string, fc.Arbitrary<unknown>> } = {
  part: { source, day: dayText, ingestedAt: time, hash: hex(16), check },
  sealed: { source, day: dayText },
  sealManifest: { source, day: dayText },
  sealLock: { source },
  sealTemporary: { source, name, of: fc.constantFrom('gz', 'json') },
  probe: {},
};

const generation = fc.integer({ min: 1, max: 99_999 });
const inBucket: Values & { readonly [Kind in keyof typeof bucketPaths]: Record<string, fc.Arbitrary<unknown>> } = {
  part: { source, day: dayText, ingestedAt: time, hash: hex(16), check },
  sealed: { source, day: dayText, generation, token: hex(16) },
  sealManifest: { source, day: dayText, generation },
  probe: {},
};

const all = [
  ...Object.entries(storePaths).map(([kind, layout]) => [kind, layout, inStore[kind]] as const),
  ...Object.entries(journalPaths).map(([kind, layout]) => [kind, layout, inJournal[kind]] as const),
  ...Object.entries(bucketPaths).map(([kind, layout]) => [`${kind} in a bucket`, layout, inBucket[kind]] as const),
].map(([kind, layout, values]) => ({ kind, layout: layout as PathLayout<object>, values: values ?? {} }));

describe('each kind of stored file', () => {
  test.each(all)('$kind: its path contains everything that it was built from, with any ids', ({ layout, values }) => {
    fc.assert(
      fc.property(fc.record(values), (value) => {
        const path = layout.build(value);
        expect(layout.parse(path)).toEqual(value);
        expect(path.split('/')).not.toContain('..');
        expect(path.startsWith(layout.folder(value))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test.each(all.filter(({ kind }) => kind in storePaths))(
    '$kind is distinguished from all others of the store',
    ({ kind, layout, values }) => {
      fc.assert(
        fc.property(fc.record(values), (value) => {
          expect(storeKindOf(layout.build(value))).toBe(kind);
        }),
      );
    },
  );

  test.each(all)('$kind: what is no path of it is none', ({ kind, layout, values }) => {
    fc.assert(
      fc.property(fc.record(values), fc.constantFrom('x/', '/', '../'), (value, before) => {
        expect(layout.parse(before + layout.build(value))).toBeNull();
        // Below `damaged` any path may lie.
        expect(kind !== 'damaged' && layout.parse(`${layout.build(value)}/x`)).toBeFalsy();
      }),
    );
  });
});

test('an id that is too long for a name is replaced by its hash', () => {
  const long = 'x/'.repeat(100);
  const hash = createHash('sha256').update(long).digest('hex');
  const path = storePaths.batch.build({ source: 'a', workflowId: long, firstRunId: 'r', hash });
  const found = storePaths.batch.parse(path);
  expect(found).toEqual({ source: 'a', workflowId: hash, firstRunId: 'r', hash });
  expect(found && storePaths.batch.build(found)).toBe(path);
});

test('layouts of 0.2.0 do not change', () => {
  const of = { source: 'news', workflowId: '../x', firstRunId: 'run-1' };
  const at = '2026-11-23T15:38:06.209Z';
  const hash = 'ab'.repeat(32);
  const [ofDay, number] = ['2026-11-23', 1];
  expect(storePaths.batch.build({ ...of, hash })).toBe(`spool/news/%2E%2E%2Fx/run-1/${hash}`);
  expect(storePaths.replayNote.build({ ...of, name: 'plan-1-0' })).toBe('spool/news/%2E%2E%2Fx/run-1/letters-plan-1-0');
  expect(storePaths.marker.build({ sink: 'csv', source: 'news', ingestedAt: at, hash })).toBe(
    `deferred/csv/news/20261123T153806209Z-${hash}.json`,
  );
  expect(storePaths.missingMarker.build({ sink: 'postgres', source: 'news', ingestedAt: at, hash })).toBe(
    `lost/postgres/news/20261123T153806209Z-${hash}.json`,
  );
  expect(storePaths.state.build(of)).toBe('state/news.json');
  expect(storePaths.pollKeys.build({ source: 'news', name: 'ab12' })).toBe('polls/news/ab12');
  expect(storePaths.fileProgress.build({ source: 'news', name: 'ab12' })).toBe('files/news/ab12');
  expect(storePaths.alert.build({ source: 'news', name: 'run_failed' })).toBe('alerts/news/run_failed.json');
  expect(storePaths.closure.build({ host: '127.0.0.1:80' })).toBe('limits/127%2E0%2E0%2E1%3A80/closed.json');
  expect(storePaths.hostSlot.build({ host: 'a.test', requests: 5, perMs: 1_000, place: 7 })).toBe(
    'limits/a%2Etest/5-1000/7',
  );
  expect(storePaths.receipt.build({ source: 'news', day: ofDay, finishedAt: at, runId: 'run-1' })).toBe(
    'receipts/news/2026-11-23/20261123T153806209Z-run-1.json',
  );
  expect(
    storePaths.window.build({
      source: 'news',
      window: { from: '2026-11-01T00:00:00.000000Z', to: '2026-11-01T12:30:00.000000Z' },
    }),
  ).toBe('windows/news/2026-11-01_2026-11-01T1230Z.json');
  expect(storePaths.delivery.build({ source: 'news', day: ofDay, finishedAt: at, sink: 'csv' })).toBe(
    'deliveries/news/2026-11-23/20261123T153806209Z-csv.json',
  );
  expect(storePaths.deadLetters.build({ ...of, number: 3, part: '-refused', more: null })).toBe(
    'dead-letters/news/run-1/3-refused.ndjson',
  );
  expect(storePaths.deadLetters.build({ ...of, number: 3, part: '', more: '0123456789abcdef' })).toBe(
    'dead-letters/news/run-1/3-0123456789abcdef.ndjson',
  );
  expect(storePaths.discarded.build({ id: 'ab12' })).toBe('discarded/ab12');
  expect(storePaths.replayed.build({ ...of, number: 2 })).toBe('replayed/news/run-1/2.json');
  expect(storePaths.config.build({ instance: 'daybook' })).toBe('config/daybook.json');
  expect(storePaths.canaryReport.build({})).toBe('canary/latest.json');
  expect(storePaths.archive.build({ day: ofDay, number })).toBe('archives/2026-11-23.csv.gz');
  expect(storePaths.archive.build({ day: ofDay, number: 2 })).toBe('archives/2026-11-23.2.csv.gz');
  expect(storePaths.archiveManifest.build({ day: ofDay, number: 2 })).toBe('archives/2026-11-23.2.json');
  expect(
    journalPaths.part.build({ source: 'news', day: ofDay, ingestedAt: at, hash: hash.slice(0, 16), check: null }),
  ).toBe('news/2026-11-23/20261123T153806209Z-abababababababab.csv');
  expect(journalPaths.sealed.build({ source: 'news', day: ofDay })).toBe('news/2026-11-23.csv.gz');
  expect(journalPaths.sealManifest.build({ source: 'news', day: ofDay })).toBe('news/2026-11-23.json');
  expect(journalPaths.sealLock.build({ source: 'news' })).toBe('news/.seal.lock');
});

test('files of a journal in a bucket are partitions as Hive has them; readers skip what begins with `_`', () => {
  const of = { source: 'news', day: '2026-11-23', generation: 3 };
  expect([
    bucketPaths.part.build({ ...of, ingestedAt: '2026-11-23T15:38:06.209Z', hash: 'abab', check: null }),
    bucketPaths.sealed.build({ ...of, token: '0123456789abcdef' }),
    bucketPaths.sealManifest.build(of),
  ]).toEqual([
    'src=news/day=2026-11-23/20261123T153806209Z-abab.csv',
    'src=news/day=2026-11-23/2026-11-23.g3.0123456789abcdef.csv.gz',
    'src=news/day=2026-11-23/_2026-11-23.g3.json',
  ]);
  // A day that its folder does not confirm is none.
  expect(bucketPaths.sealed.parse('src=news/day=2026-11-23/2026-11-24.g3.0123456789abcdef.csv.gz')).toBeNull();
});

test('objects by which a bucket is tried are hidden from other readers, and claim no folder of a directory', () => {
  expect(Object.values(bucketProbes).map(({ template }) => template)).toEqual(['.probe', '.conditions/.{name}']);
  expect(storeFolders).toContain('spool');
  expect([...storeFolders].filter((folder) => /probe|doctor|conditions/.test(folder))).toEqual([]);
});

test('folders contain the files with their values', () => {
  expect(storePaths.marker.folder({})).toBe('deferred');
  expect(storePaths.marker.folder({ sink: 'csv' })).toBe('deferred/csv');
  expect(storePaths.marker.folder({ sink: 'csv', source: 'news' })).toBe('deferred/csv/news');
  expect(storePaths.marker.folder({ source: 'news' })).toBe('deferred');
  expect(storePaths.batch.folder({ source: 'news', workflowId: 'a/b' })).toBe('spool/news/a%2Fb');
});

test('a temporary file is recognized everywhere', () => {
  const at = { folder: 'spool/news/run/x', name: '01234567-89ab-cdef-0123-456789abcdef' };
  expect(temporaryPath.parse(temporaryPath.build(at))).toEqual(at);
  expect(temporaryPath.parse('spool/news/run/x/.notes.tmp')).toBeNull();
});

test('no other code builds or parses a path', () => {
  const folders = Object.values(storePaths).map(({ template }) => template.split('/')[0]);
  const written = new RegExp(String.raw`['"\`](?:${[...new Set(folders)].join('|')})/|\.csv\.gz|\.seal\.|pathPart\(`);
  const owners = /^store\/paths\/|^formats\/path-segment\.ts$/;
  const code = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const found = code.flatMap((file) => {
    if (owners.test(file)) return [];
    const lines = readFileSync(join('src', file), 'utf8').split('\n');
    return lines
      .filter((line) => written.test(line) && !/^\s*(?:\/\/|\/?\*)/.test(line))
      .map((line) => `${file}: ${line}`);
  });
  // The name of a unit of a replay: no file is called so.
  expect(found.filter((line) => !line.startsWith('domain/storage/journal.ts'))).toEqual([]);
});
