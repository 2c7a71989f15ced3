import type { Instance } from '../../domain/instance.ts';
import { instanceMemoKey, scheduleMemoKey, storeMemoKey } from '../../domain/names.ts';
import type { BlobStore } from '../../store/blobs/blob-store.ts';
import { readIdentity } from '../../store/identity.ts';
import { storedPauses, type StoredPauses } from '../../store/run/pauses.ts';
import { knowsSource } from '../../store/run/known-sources.ts';

/** The owner of schedules: other Daybooks may have theirs in the same namespace. */
export interface ScheduleOwner {
  readonly instance: Instance;
  /** Null if the store is not available, or was not used by a worker yet. */
  readonly storeId: string | null;
  /** Whether the store shows that a source has run. */
  readonly knows: (source: string) => Promise<boolean>;
  /** Of sources that are probed. */
  readonly pauses: StoredPauses;
}

/** Reads who we are from the store. */
export async function scheduleOwner(instance: Instance, store: BlobStore): Promise<ScheduleOwner> {
  const storeId = (await readIdentity(store))?.id ?? null;
  return { instance, storeId, knows: (source) => knowsSource(store, source), pauses: storedPauses(store) };
}

type Memo = Readonly<Record<string, unknown>> | undefined;

/** A schedule's own memo, which cannot be changed, and that of its action. */
export interface ScheduleMemos {
  readonly memo?: Memo;
  readonly action?: { readonly memo?: Memo };
}

/**
 * Whose a schedule is. `own`: of this instance, and of no other store as far as it says. `known`: it does not say so, but the
 * store remembers runs of its source; those of 0.2.0 are such. `unknown`: it does not, and the store remembers none.
 * `by_hand`: without Daybook's mark.
 */
export type Ownership = 'own' | 'known' | 'unknown' | 'instance' | 'by_hand';

/** Whose the schedule of a source is. The memo of the action was written last. */
export async function ownershipOf(owner: ScheduleOwner, source: string, memos: ScheduleMemos): Promise<Ownership> {
  if (!isMarked(memos, source)) return 'by_hand';
  const instance = said(memos, instanceMemoKey);
  if (instance !== null && instance !== owner.instance.name) return 'instance';
  const store = said(memos, storeMemoKey);
  const isOtherStore = store !== null && owner.storeId !== null && store !== owner.storeId;
  if (instance !== null && !isOtherStore) return 'own';
  return (await owner.knows(source)) ? 'known' : 'unknown';
}

/**
 * Whether a schedule whose source is gone from the configuration was created by this Daybook, and by no other.
 * @param asked whose it is, where that was asked already
 */
export async function isLeftBehind(
  owner: ScheduleOwner,
  source: string,
  memos: ScheduleMemos,
  asked?: Ownership,
): Promise<boolean> {
  const ownership = asked ?? (await ownershipOf(owner, source, memos));
  if (ownership !== 'own') return ownership === 'known';
  return (owner.storeId !== null && said(memos, storeMemoKey) === owner.storeId) || owner.knows(source);
}

/** The owner in a schedule's memo; in both memos, so that lists show it, and adopted ones have it. */
export function ownerMemo({ instance, storeId }: ScheduleOwner, source: string): Readonly<Record<string, string>> {
  return {
    [scheduleMemoKey]: source,
    [instanceMemoKey]: instance.name,
    ...(storeId === null ? {} : { [storeMemoKey]: storeId }),
  };
}

function isMarked({ memo, action }: ScheduleMemos, source: string): boolean {
  return memo?.[scheduleMemoKey] === source || action?.memo?.[scheduleMemoKey] === source;
}

function said({ memo, action }: ScheduleMemos, key: string): string | null {
  const value = action?.memo?.[key] ?? memo?.[key];
  return typeof value === 'string' ? value : null;
}
