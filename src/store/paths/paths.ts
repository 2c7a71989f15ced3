import type { PartCheck } from '../../formats/csv/csv-part.ts';
import type { Day } from '../../domain/time/day.ts';
import type { Sink } from '../../domain/run/sink.ts';
import type { TimeRangeText } from '../../domain/time/backfill-windows.ts';
import {
  anyName,
  count,
  day,
  id,
  optional,
  ordinal,
  partCheck,
  sha256,
  sink,
  source,
  text,
  time,
  window,
} from './path-fields.ts';
import { pathLayout as path } from './path-layout.ts';

/**
 * The layout of everything that Daybook stores: the only place that builds and parses these paths. It includes files of earlier
 * versions: what is written may change, what is read may not.
 */

interface OfSource {
  readonly source: string;
}

interface OfRun extends OfSource {
  readonly workflowId: string;
  readonly firstRunId: string;
}

interface TokenPlace {
  readonly chain: string;
  /** Counted from 1; 0 is the token of the configuration. */
  readonly number: number;
}

interface HostSlotPlace {
  readonly host: string;
  readonly requests: number;
  readonly perMs: number;
  readonly place: number;
}

interface Marker extends OfSource {
  readonly sink: Sink;
  readonly ingestedAt: string;
  /** Of the batch. */
  readonly hash: string;
}

const runFields = { source, workflowId: id, firstRunId: id };
const markerFields = { sink, source, ingestedAt: time, hash: text('[0-9a-f]+') };
const slotFields = { host: id, requests: count, perMs: count, place: count };
const archiveFields = { day, number: ordinal };

/** Blobs of the store, below `DAYBOOK_STORE`. */
export const storePaths = {
  /** Records on their way to the sinks. */
  batch: path<OfRun & { readonly hash: string }>('spool/{source}/{workflowId}/{firstRunId}/{hash}', {
    ...runFields,
    hash: sha256,
  }),
  /** What a replay of dead letters has to do, and has done: beside its batches, so that the sweep finds it. */
  replayNote: path<OfRun & { readonly name: string }>('spool/{source}/{workflowId}/{firstRunId}/letters-{name}', {
    ...runFields,
    name: anyName,
  }),
  /** Marks a batch as deferred for a sink. */
  marker: path<Marker>('deferred/{sink}/{source}/{ingestedAt}-{hash}.json', markerFields),
  /** Why the batches of a source are deferred, as last found. */
  waitingReason: path<OfSource & { readonly sink: Sink }>('waiting/{sink}/{source}.json', { sink, source }),
  /** A marker whose batch was gone. */
  missingMarker: path<Marker>('lost/{sink}/{source}/{ingestedAt}-{hash}.json', markerFields),
  /** What was damaged, under its old path; where one lies there already, below a number. */
  damaged: path<{ readonly number: number; readonly path: string }>('damaged/{number}{path}', {
    number: {
      pattern: String.raw`(?:\d+/)?`,
      write: (value) => (value === 1 ? '' : `${value}/`),
      read: (found) => (found === '' ? 1 : Number(found.slice(0, -1))),
    },
    path: text('[a-z].*'),
  }),
  /** The state of a source. */
  state: path<OfSource>('state/{source}.json', { source }),
  /** A state written by a command: a state of an older epoch is void. */
  stateEpoch: path<OfSource & { readonly epoch: number }>('state-epochs/{source}/{epoch}', { source, epoch: count }),
  /** By which `id` a source's records were given new ids. */
  idRule: path<OfSource>('id-rules/{source}.json', { source }),
  /** Digests of keys and contents of earlier polls. */
  pollKeys: path<OfSource & { readonly name: string }>('polls/{source}/{name}', { source, name: anyName }),
  /** How far the files of a glob were read. */
  fileProgress: path<OfSource & { readonly name: string }>('files/{source}/{name}', { source, name: anyName }),
  /** Which item of a feed each guid and link belongs to. */
  feedItems: path<OfSource & { readonly name: string }>('feed-items/{source}/{name}', { source, name: anyName }),
  /** Which parents of a `for_each` are done. */
  fanOut: path<OfSource & { readonly name: string }>('fan-out/{source}/{name}', { source, name: anyName }),
  /** Parents that a replay has queued for the next run of a source. */
  queuedParents: path<OfSource & { readonly firstRunId: string; readonly number: number }>(
    'queued-parents/{source}/{firstRunId}-{number}.json',
    { source, firstRunId: id, number: count },
  ),
  /** What only a run knows of the job of its export: addresses. */
  exportJob: path<OfRun & { readonly number: number; readonly part: 'job' | 'documents' }>(
    'export-jobs/{source}/{workflowId}/{firstRunId}/{number}-{part}.json',
    {
      ...runFields,
      number: count,
      part: {
        pattern: 'job|documents',
        write: (value) => value,
        read: (found) => (found === 'job' ? 'job' : 'documents'),
      },
    },
  ),
  /** A part of the copy of a large body, while a run reads it. */
  download: path<OfSource & { readonly runId: string; readonly name: string; readonly part: number }>(
    'downloads/{source}/{runId}/{name}-{part}',
    { source, runId: id, name: text('[0-9a-f]{16}'), part: count },
  ),
  /** The pause of a source that has no schedule of its own. */
  pause: path<OfSource>('pauses/{source}.json', { source }),
  alert: path<OfSource & { readonly name: string }>('alerts/{source}/{name}.json', { source, name: text('[a-z_]+') }),
  /** Until when a host must not be called. */
  closure: path<{ readonly host: string }>('limits/{host}/closed.json', { host: id }),
  /** Requests to a host that a worker has claimed: an empty blob for those of a second, named by the first slot in time. */
  hostSlots: path<HostSlotPlace>('slots/{host}/{requests}-{perMs}/{place}', slotFields),
  /** One request, as earlier versions claimed them. */
  earlierHostSlot: path<HostSlotPlace>('limits/{host}/{requests}-{perMs}/{place}', slotFields),
  /** What a token endpoint gave out in return for the token before, encrypted. The chain is the hash of its first token. */
  token: path<TokenPlace>('tokens/{chain}/{number}', { chain: sha256, number: count }),
  /** Held by the process that requests this token; `.2` where the first one was lost. */
  tokenClaim: path<TokenPlace & { readonly attempt: number }>('tokens/{chain}/{number}{attempt}.claim', {
    chain: sha256,
    number: count,
    attempt: ordinal,
  }),
  receipt: path<OfSource & { readonly day: Day; readonly finishedAt: string; readonly runId: string }>(
    'receipts/{source}/{day}/{finishedAt}-{runId}.json',
    { source, day, finishedAt: time, runId: anyName },
  ),
  /** What a worker knows of the last run of each source. */
  lastRuns: path<{ readonly worker: string }>('last-runs/{worker}.json', { worker: id }),
  /** How a window of a backfill ended. */
  window: path<OfSource & { readonly window: TimeRangeText }>('windows/{source}/{window}.json', { source, window }),
  /** What a delivery stored in a sink. */
  delivery: path<OfSource & { readonly day: Day; readonly finishedAt: string; readonly sink: Sink }>(
    'deliveries/{source}/{day}/{finishedAt}-{sink}.json',
    { source, day, finishedAt: time, sink },
  ),
  /** Refused records of a batch; `part` = what refused them, `more` tells those of repeated fetches apart. */
  deadLetters: path<
    OfSource & {
      readonly firstRunId: string;
      readonly number: number;
      readonly part: '' | '-refused';
      readonly more: string | null;
    }
  >('dead-letters/{source}/{firstRunId}/{number}{part}{more}.ndjson', {
    source,
    firstRunId: id,
    number: count,
    part: {
      pattern: '(?:-refused)?',
      write: (value) => value,
      read: (found) => (found === '' ? '' : '-refused'),
    },
    more: optional('-', '[0-9a-f]{16}'),
  }),
  /** Hides a dead letter. */
  discarded: path<{ readonly id: string }>('discarded/{id}', { id: anyName }),
  /** Dead letters that a step of a replay has dealt with. */
  replayed: path<OfSource & { readonly firstRunId: string; readonly number: number }>(
    'replayed/{source}/{firstRunId}/{number}.json',
    { source, firstRunId: id, number: count },
  ),
  /** The last good configuration of an instance. */
  config: path<{ readonly instance: string }>('config/{instance}.json', { instance: text('[a-z0-9-]+') }),
  /** What the last canary had to say. */
  canaryReport: path<object>('canary/latest.json', {}),
  /** The identity of the store. */
  identity: path<object>('store.json', {}),
  /** Shows whether the store can be written. */
  doctorProbe: path<object>('doctor', {}),
  /** A retired day. */
  archive: path<{ readonly day: Day; readonly number: number }>('archives/{day}{number}.csv.gz', archiveFields),
  archiveManifest: path<{ readonly day: Day; readonly number: number }>('archives/{day}{number}.json', archiveFields),
};

/** What the name of a part says. */
export interface PartName extends OfSource {
  readonly day: Day;
  readonly ingestedAt: string;
  /** How that of its batch begins. */
  readonly hash: string;
  readonly check: PartCheck | null;
}

/** Folder of the CSV journal below `DAYBOOK_DATA`; damaged files of the journal lie below `damaged` under it. */
export const journalFolder = 'csv';

const dayFields = { source, day };

/** Files of the CSV journal, below the folder `csv` of `DAYBOOK_DATA`. */
export const journalPaths = {
  /** The records of a batch; `hash` is how that of the batch begins. */
  part: path<PartName>('{source}/{day}/{ingestedAt}-{hash}{check}.csv', {
    ...dayFields,
    ingestedAt: time,
    hash: text('[0-9a-f]+'),
    check: partCheck,
  }),
  /** A past day of ingestion, its parts merged. */
  sealed: path<OfSource & { readonly day: Day }>('{source}/{day}.csv.gz', dayFields),
  sealManifest: path<OfSource & { readonly day: Day }>('{source}/{day}.json', dayFields),
  /** Held by the process that works on the sealed days of a source. */
  sealLock: path<OfSource>('{source}/.seal.lock', { source }),
  /** A sealed day, or its manifest, that is not whole yet. */
  sealTemporary: path<OfSource & { readonly name: string; readonly of: 'gz' | 'json' }>('{source}/.{name}.seal.{of}', {
    source,
    name: anyName,
    of: {
      pattern: 'gz|json',
      write: (value) => value,
      read: (found) => (found === 'gz' ? 'gz' : 'json'),
    },
  }),
  /** Shows whether the folder can be written. */
  probe: path<object>('.probe', {}),
};

/** Of the store and of the journal alike: what is not whole yet, beside where it will be. */
export const temporaryPath = path<{ readonly folder: string; readonly name: string }>('{folder}/.{name}.tmp', {
  folder: text('.+'),
  name: text('[0-9a-f]{8}-[0-9a-f-]{27}'),
});

export type StoreKind = keyof typeof storePaths;

/** The kind of a blob of the store; null if it is none of Daybook's. */
export function storeKindOf(found: string): StoreKind | null {
  const kinds = Object.keys(storePaths) as StoreKind[];
  return kinds.find((kind) => storePaths[kind].parse(found) !== null) ?? null;
}

/** An id as a path gives it back: itself, or its hash where it is too long for a name. */
export function storedId(chosen: string): string {
  return id.read(id.write(chosen)) ?? chosen;
}

/** The folders of the store: other programs may have theirs beside them. */
export const storeFolders: ReadonlySet<string> = new Set(
  Object.values(storePaths).flatMap(({ template }) => (template.includes('/') ? (template.split('/')[0] ?? []) : [])),
);

/** What the kinds of journals name in ways of their own. */
export type JournalPartPaths = Pick<typeof journalPaths, 'part' | 'probe'>;
