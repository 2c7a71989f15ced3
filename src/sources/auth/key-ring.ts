import { HostBusy } from '../../domain/errors.ts';
import type { ApiKeysPlan } from '../../domain/plan/auth-plan.ts';
import type { HostBudget } from '../../domain/plan/host-budget.ts';
import type { HttpPlanBase } from '../../domain/plan/source-plan.ts';
import { ownOrigin } from '../http/own-origin.ts';
import { sha256 } from '../../formats/sha256.ts';

/** A source with several keys. */
export type KeysPlan = Omit<HttpPlanBase, 'auth'> & { readonly auth: ApiKeysPlan };

/** A key and when it may be used, in ms since 1970. */
interface Choice {
  readonly index: number;
  readonly atMs: number;
}

/** How long a request waits for a key; for a longer wait the attempt is repeated later. */
const timeoutMs = 8_000;

/**
 * Several keys, each with the quota of a host of its own: all workers share what is left of it. A key is used until it is exhausted,
 * then the next one.
 */
export class KeyRing {
  readonly #budget: HostBudget;
  /** The key that is in use, by source. */
  readonly #current = new Map<string, number>();
  /** Slots that were taken for a key and not used yet, by the name of its quota. */
  readonly #slots = new Map<string, number>();
  /** Choices are made one after the other: a slot belongs to one request. */
  #choosing: Promise<unknown> = Promise.resolve();
  /** Until when a key is exhausted. The budget knows it too, and tells other workers. */
  readonly #closed = new Map<string, number>();

  constructor(budget: HostBudget) {
    this.#budget = budget;
  }

  /**
   * Chooses a key, and waits until it may be used.
   * @throws HostBusy if none may be used soon
   */
  async take(plan: KeysPlan, sleep: (ms: number) => Promise<unknown>): Promise<number> {
    const choice = this.#choosing.then(() => this.#choose(plan));
    this.#choosing = choice.catch(() => undefined);
    const { index, atMs } = await choice;
    const waitMs = atMs - Date.now();
    if (waitMs > 0) await sleep(waitMs);
    return index;
  }

  async #choose(plan: KeysPlan): Promise<Choice> {
    const { apiKeys } = plan.auth;
    const first = (this.#current.get(plan.name) ?? 0) % apiKeys.length;
    let soonest: Choice | null = null;
    for (let step = 0; step < apiKeys.length; step++) {
      const index = (first + step) % apiKeys.length;
      const choice: Choice = { index, atMs: await this.#readyAt(plan, index) };
      if (soonest === null || choice.atMs < soonest.atMs) soonest = choice;
      if (choice.atMs <= Date.now()) break;
    }
    const { index, atMs } = soonest ?? { index: 0, atMs: 0 };
    const waitMs = Math.max(0, atMs - Date.now());
    if (waitMs > timeoutMs) {
      throw new HostBusy(
        `fetch: ${plan.name}: all ${apiKeys.length} keys of auth.api_keys are exhausted; the first may be used in ${waitMs} ms`,
        waitMs,
      );
    }
    this.#slots.delete(quotaOf(plan, index));
    this.#current.set(plan.name, index);
    return { index, atMs };
  }

  /**
   * A key is exhausted until then.
   * @returns whether another one may be used before
   */
  async exhausted(plan: KeysPlan, index: number, until: Date): Promise<boolean> {
    const quota = quotaOf(plan, index);
    this.#closed.set(quota, until.getTime());
    this.#slots.delete(quota);
    await this.#budget.slowDown(quota, until);
    const now = Date.now();
    return plan.auth.apiKeys.some((_, other) => (this.#closed.get(quotaOf(plan, other)) ?? 0) <= now);
  }

  /**
   * A slot that was taken is kept for the next request: it counts against the quota whether it is used or not. An old one is
   * not used: it would come too close to those after it.
   */
  async #readyAt(plan: KeysPlan, index: number): Promise<number> {
    const quota = quotaOf(plan, index);
    const now = Date.now();
    const closedMs = this.#closed.get(quota) ?? 0;
    if (closedMs > now) return closedMs;
    this.#closed.delete(quota);
    const kept = this.#slots.get(quota);
    const { limit } = plan.auth;
    if (kept !== undefined && now - kept < (limit === null ? 0 : limit.perMs / limit.requests)) return kept;
    const slot = await this.#budget.take(quota, limit, new Date(now));
    const atMs = now + slot.waitMs;
    if (slot.kind === 'go') this.#slots.set(quota, atMs);
    return atMs;
  }
}

/** Under this name the budget keeps the quota of a key. */
function quotaOf(plan: KeysPlan, index: number): string {
  const { auth, origins = [] } = plan;
  // An address that a record gives has no host of its own.
  const { host } = new URL(ownOrigin(plan) ?? origins[0] ?? 'http://given');
  return `${host}#${sha256(auth.apiKeys[index] ?? '').slice(0, 16)}`;
}
