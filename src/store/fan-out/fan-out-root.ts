import { isObject } from '../../domain/is-object.ts';
import { nothingPassed, type DayProgress, type ParentPlace } from '../../domain/state/fan-out.ts';
import type { SourceState } from '../../domain/state/source-state.ts';
import { hasFields } from '../blobs/stored-json.ts';
import type { KeyBlob } from './parent-keys.ts';

/** What is kept of each value of a `for_each`: the same as of a source of its own. */
export type ValueState = Pick<
  SourceState,
  'watermark' | 'unfinished' | 'etag' | 'lastModified' | 'previousPoll' | 'unreadableCursor'
>;

/** A second pass over parents that are not old. */
export interface RevisitPass {
  /** The run that it belongs to: another run begins a new one. */
  readonly run: string;
  /** All before this place are done; null = none is. */
  readonly at: ParentPlace | null;
  /** Keys that this run has requested. */
  readonly keys: readonly KeyBlob[];
}

/** The blob of a fan-out that its state names. */
export interface FanOutRoot {
  readonly version: 1;
  /** The run that wrote it. */
  readonly run?: string;
  /** The blob of another run whose keys it has, too. */
  readonly adopted?: string;
  /** The source whose records the parents are; null = values. */
  readonly source: string | null;
  /** By day of ingestion: the blob with its progress, and whether all of it is sealed and passed. */
  readonly days: Readonly<Record<string, { readonly blob: string; readonly isPassed: boolean }>>;
  readonly keys: readonly KeyBlob[];
  readonly revisit: RevisitPass | null;
  /** By the JSON text of the value. */
  readonly values: Readonly<Record<string, ValueState>>;
}

export function emptyRoot(source: string | null): FanOutRoot {
  return { version: 1, source, days: {}, keys: [], revisit: null, values: {} };
}

const rootFields = {
  run: 'string?',
  adopted: 'string?',
  source: 'string?',
  days: 'object',
  values: 'object',
  revisit: 'object?',
} as const;

export function isFanOutRoot(value: unknown): value is FanOutRoot {
  if (!hasFields(value, rootFields)) return false;
  const { version, days, keys, revisit, values } = value as FanOutRoot;
  return (
    version === 1 &&
    areKeyBlobs(keys) &&
    Object.values(days).every((day) => hasFields(day, { blob: 'string', isPassed: 'boolean' })) &&
    (revisit === null || (typeof revisit.run === 'string' && areKeyBlobs(revisit.keys) && isPlace(revisit.at))) &&
    Object.values(values).every((state) => isObject(state) && Array.isArray(state.previousPoll))
  );
}

function areKeyBlobs(value: unknown): value is readonly KeyBlob[] {
  return Array.isArray(value) && value.every((blob) => hasFields(blob, { name: 'string', entries: 'number' }));
}

function isPlace(value: unknown): boolean {
  return value === null || hasFields(value, { unit: 'string', part: 'string', line: 'number' });
}

export function isDayProgress(value: unknown): value is DayProgress {
  if (!hasFields(value, { open: 'object?', sealed: 'string?', merged: 'number' })) return false;
  const { parts, open } = value as DayProgress;
  return (
    Array.isArray(parts) &&
    parts.every((part) => typeof part === 'string') &&
    (open === null || hasFields(open, { part: 'string', line: 'number' }))
  );
}

/** The day after more parents of a file are done. */
export function reached(day: DayProgress, part: string, line: number): DayProgress {
  return { ...day, open: { part, line } };
}

/** The day after all parents of a part are done. */
export function passed(day: DayProgress, part: string): DayProgress {
  return { ...day, parts: [...day.parts, part], open: day.open?.part === part ? null : day.open };
}

/** The day after its sealed file is done. @param left parts that are beside it */
export function passedSealed(
  day: DayProgress,
  { sealed, merged }: Pick<DayProgress, 'sealed' | 'merged'>,
  left: readonly string[],
): DayProgress {
  return { ...nothingPassed, sealed, merged, parts: day.parts.filter((part) => left.includes(part)), open: null };
}
