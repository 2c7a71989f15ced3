/** The longest that a run waits for a host; one that wants to be left alone for longer ends it. */
export const maxWaitMs = 15 * 60_000;

/** How long a host is left alone that says 429 without saying for how long. */
export const defaultWaitMs = 5_000;

/** How often a host may be asked. */
export interface HostLimit {
  readonly requests: number;
  readonly perMs: number;
}

/**
 * The requests that a host is sent, by all sources and all workers together. What one of them learns (a 429) holds for
 * the others.
 */
export interface HostBudget {
  /**
   * Takes the next free place in the host's line, if its turn comes soon enough.
   * @param limit null = as often as anyone likes, unless the host has asked for less
   */
  take(host: string, limit: HostLimit | null, now: Date): Promise<Slot>;
  /** The host answered that it was asked too often, and wants to be left alone until then. */
  slowDown(host: string, until: Date): Promise<void>;
}

export type Slot =
  | { readonly kind: 'go'; readonly waitMs: number }
  /** No place was taken: ask again then. */
  | { readonly kind: 'later'; readonly waitMs: number };

/** A budget without limits: for commands that ask once. */
export const unlimited: HostBudget = {
  take: async () => ({ kind: 'go', waitMs: 0 }),
  slowDown: async () => {},
};

/** The stricter of two limits. */
export function stricter(a: HostLimit | null, b: HostLimit | null): HostLimit | null {
  if (a === null || b === null) return a ?? b;
  return a.perMs / a.requests >= b.perMs / b.requests ? a : b;
}
