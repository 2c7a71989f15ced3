/** The longest that a run waits for a host; if the host asks for more, the run ends. */
export const maxWaitMs = 15 * 60_000;

/** How long a host is not called after a 429 without a time. */
export const defaultWaitMs = 5_000;

/** How often a host may be called. */
export interface HostLimit {
  readonly requests: number;
  readonly perMs: number;
}

/** The requests that a host is sent, by all sources and all workers together. What one of them learns (a 429) applies to the others. */
export interface HostBudget {
  /**
   * Takes the next free slot of the host, if it comes soon enough.
   * @param limit null = unlimited, unless the host has asked for less
   */
  take(host: string, limit: HostLimit | null, now: Date): Promise<Slot>;
  /** The host answered that it was called too often, and must not be called until then. */
  slowDown(host: string, until: Date): Promise<void>;
}

export type Slot =
  | { readonly kind: 'go'; readonly waitMs: number }
  /** No slot was taken: ask again then. */
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
