import type { FetchPosition, PollEnd } from '../../domain/state/fetch-position.ts';
import type { ParentPlace } from '../../domain/state/fan-out.ts';
import type { SourceState } from '../../domain/state/source-state.ts';
import type { Collected, CollectInput } from '../collect/collect.ts';

/** The requests for one parent. */
export interface Chain {
  readonly place: ParentPlace;
  /** JSON text of the parent. */
  readonly parent: string;
  /** What its requests are made from, and its records compared with. */
  readonly state: SourceState;
  /** Where it begins. */
  readonly start: FetchPosition;
  /** Where it begins if the position of an earlier poll is useless; null = it has no other beginning. */
  readonly front: FetchPosition | null;
  readonly known: CollectInput['known'];
}

/** How the chain of a parent ended; null = it failed. */
export type ChainEnd = {
  readonly position: FetchPosition;
  readonly end: PollEnd;
  readonly patch: Collected['lastPatch'];
} | null;

/** The chains of a poll, one after the other, and what is kept of those that are over. */
export interface Chains {
  /** The next one; null = there is none left, or `isPaused`. */
  next(): Promise<Chain | null>;
  /** Looking for the next one took so long that the next fetch continues. Absent = never. */
  readonly isPaused?: boolean;
  /** Keeps the digests of records that were read. @returns the position with the names of their blobs */
  keep(chain: Chain, collected: Collected): Promise<FetchPosition>;
  /** A chain is over. They are settled in the order in which they were handed out. */
  settle(chain: Chain, result: ChainEnd): Promise<void>;
}
