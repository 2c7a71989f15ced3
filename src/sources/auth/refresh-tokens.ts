import { setTimeout as sleep } from 'node:timers/promises';
import { HostBusy, LoginNeeded, SourceRefused } from '../../domain/errors.ts';
import type { RefreshTokenPlan } from '../../domain/plan/auth-plan.ts';
import type { TokenChains, TokenLink } from '../../domain/plan/token-chain.ts';
import { sha256 } from '../../formats/sha256.ts';
import type { HttpClient } from '../http/http-client.ts';
import { requestToken, type TokenPlan } from './token-request.ts';

/** A source whose access tokens come from a chain of refresh tokens. */
export type RefreshingPlan = Omit<TokenPlan, 'auth'> & { readonly auth: RefreshTokenPlan };

/** What a chain is followed with. */
export interface ChainClock {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** A claim without a result is lost after this long: its holder takes less, or is dead. */
const claimMs = 60_000;
/** The longest request of a holder, and the oldest claim that it begins one with. */
const requestMs = 25_000;
const maxStartMs = 15_000;
/** How long others wait within a request; for longer, the run continues later. */
const timeoutMs = 8_000;
const lookEveryMs = 250;
/** A token that was used and not saved is lost: saving is worth waiting for. */
const saveDelaysMs = [0, 200, 500, 1_000, 2_000, 4_000, 8_000];
/** Former tokens may still be in messages that are on their way. */
const secretsKept = 12;

interface Claim {
  readonly number: number;
  readonly attempt: 1 | 2;
  readonly atMs: number;
}

/**
 * Access tokens by refresh tokens of which each may be used once. One process of all requests the next one: it claims its number, uses the
 * last token, and saves what replaces it; others wait for that. If a holder dies in between, the last token is used once more, for its request may never have
 * been sent; if that brings nothing either, someone has to log in again.
 */
export class RefreshTokens {
  readonly #client: HttpClient;
  readonly #chains: TokenChains | null;
  readonly #clock: ChainClock;
  readonly #links = new Map<string, TokenLink>();
  readonly #refused = new Map<string, string>();
  readonly #asking = new Map<string, Promise<TokenLink>>();
  /** Links that the store did not take. */
  readonly #unsaved = new Map<string, { readonly number: number; readonly link: TokenLink }>();
  readonly #secrets = new Map<string, readonly string[]>();
  readonly #onSecret: () => void;

  /** @param onSecret called when there are others */
  constructor(
    client: HttpClient,
    chains: TokenChains | null,
    onSecret: () => void,
    clock: ChainClock = { now: Date.now, sleep: (ms) => sleep(ms) },
  ) {
    this.#client = client;
    this.#chains = chains;
    this.#onSecret = onSecret;
    this.#clock = clock;
  }

  /** @throws LoginNeeded, HostBusy while another process requests one, and what `requestToken` throws */
  async token(plan: RefreshingPlan): Promise<TokenLink> {
    const chain = chainOf(plan.auth);
    const known = this.#links.get(chain);
    if (known && this.#isUsable(chain, known)) return known;
    const asked = this.#asking.get(chain) ?? this.#obtain(plan, chain).finally(() => this.#asking.delete(chain));
    this.#asking.set(chain, asked);
    const link = await asked;
    this.#links.set(chain, link);
    return link;
  }

  /** Remembers that an access token was refused: another one has to be requested. */
  forget(auth: RefreshTokenPlan, accessToken: string): void {
    this.#refused.set(chainOf(auth), accessToken);
  }

  /** The tokens of a chain that this process knows, the access token that was used last first; none before it has one. */
  known(auth: RefreshTokenPlan): readonly string[] {
    const chain = chainOf(auth);
    const last = this.#links.get(chain)?.accessToken;
    return last === undefined ? [] : [last, ...(this.#secrets.get(chain) ?? []).filter((token) => token !== last)];
  }

  secrets(): readonly string[] {
    return [...this.#secrets.values()].flat();
  }

  #isUsable(chain: string, { accessToken, renewAtMs }: TokenLink): boolean {
    return renewAtMs > this.#clock.now() && this.#refused.get(chain) !== accessToken;
  }

  async #obtain(plan: RefreshingPlan, chain: string): Promise<TokenLink> {
    const chains = this.#chains;
    if (chains === null)
      throw new SourceRefused(`fetch: ${plan.name}: oauth2_refresh_token needs a store, which is not here`, {
        ofCredentials: true,
      });
    await this.#saveLeft(chains, chain);
    const untilMs = this.#clock.now() + timeoutMs;
    for (;;) {
      const { number, link, problem } = await chains.last(chain);
      if (problem !== null) throw loginNeeded(plan, `the stored token ${problem}`);
      if (link) this.#keepSecrets(chain, link);
      if (link && this.#isUsable(chain, link)) return link;
      const claimed = await this.#claim(chains, chain, number + 1);
      if (claimed === 'lost') {
        if ((await chains.last(chain)).number > number) continue;
        throw loginNeeded(plan, 'the last refresh token was used twice, and both times nothing was saved');
      }
      if (typeof claimed === 'number') {
        if (this.#clock.now() >= untilMs) {
          throw new HostBusy(`fetch: ${plan.name} waits for another process, which requests its access token`, claimed);
        }
        await this.#clock.sleep(lookEveryMs);
        continue;
      }
      // Others may have added links before it was claimed; and what took too long may be claimed again by now.
      const isLate = this.#clock.now() - claimed.atMs > maxStartMs;
      if (isLate || (await chains.last(chain)).number > number) {
        await this.#release(chains, chain, claimed);
        continue;
      }
      const made = await this.#request(chains, plan, chain, claimed, link?.refreshToken ?? plan.auth.refreshToken);
      if (made) return made;
    }
  }

  /** @returns the claim; or after how many ms to look again; or `lost` if all who had it died */
  async #claim(chains: TokenChains, chain: string, number: number): Promise<Claim | number | 'lost'> {
    for (const attempt of [1, 2] as const) {
      const atMs = this.#clock.now();
      if (await chains.claim(chain, number, attempt)) return { number, attempt, atMs };
      const claimedAt = await chains.claimedAt(chain, number, attempt);
      // It was released.
      if (claimedAt === null) return lookEveryMs;
      const leftMs = claimedAt + claimMs - this.#clock.now();
      if (leftMs > 0) return leftMs;
    }
    return 'lost';
  }

  /** @returns null if another process has saved a link of this number */
  async #request(
    chains: TokenChains,
    plan: RefreshingPlan,
    chain: string,
    claim: Claim,
    refreshToken: string,
  ): Promise<TokenLink | null> {
    const grant = { grant_type: 'refresh_token', refresh_token: refreshToken };
    let answer;
    try {
      answer = await requestToken(this.#client, plan, grant, {
        timeoutMs: Math.min(plan.timeoutMs, requestMs),
        now: this.#clock.now,
      });
    } catch (error) {
      // Whether or not the token was taken, there is nothing better than it.
      await this.#release(chains, chain, claim);
      throw error;
    }
    if (answer.kind === 'refused') {
      if (answer.code === 'invalid_grant')
        throw loginNeeded(plan, 'auth.token_url refuses the refresh token (invalid_grant)');
      // The client is at fault, not the token.
      await this.#release(chains, chain, claim);
      throw answer.error;
    }
    const { accessToken, askedAtMs, renewAtMs } = answer;
    const link = { refreshToken: answer.refreshToken ?? refreshToken, accessToken, askedAtMs, renewAtMs };
    this.#keepSecrets(chain, link);
    this.#unsaved.set(chain, { number: claim.number, link });
    return (await this.#saveLeft(chains, chain)) === false ? null : link;
  }

  /** Saves what was used and could not be saved. @returns false if another process has saved a link of this number; null = nothing was left */
  async #saveLeft(chains: TokenChains, chain: string): Promise<boolean | null> {
    const left = this.#unsaved.get(chain);
    if (!left) return null;
    for (const [index, delayMs] of saveDelaysMs.entries()) {
      await this.#clock.sleep(delayMs);
      try {
        const saved = await chains.save(chain, left.number, left.link);
        this.#unsaved.delete(chain);
        return saved;
      } catch (error) {
        if (index === saveDelaysMs.length - 1) throw error;
      }
    }
    return null;
  }

  /** One that has run out may be another process' by now. What cannot be released runs out anyway. */
  async #release(chains: TokenChains, chain: string, { number, attempt, atMs }: Claim): Promise<void> {
    if (this.#clock.now() - atMs < claimMs) await chains.release(chain, number, attempt).catch(() => undefined);
  }

  #keepSecrets(chain: string, { refreshToken, accessToken }: TokenLink): void {
    const known = this.#secrets.get(chain) ?? [];
    const all = [...new Set([...known, refreshToken, accessToken])];
    if (all.length === known.length) return;
    this.#secrets.set(chain, all.slice(-secretsKept));
    this.#onSecret();
  }
}

/** A chain begins with the token of the configuration: another one begins another chain. */
function chainOf({ refreshToken }: RefreshTokenPlan): string {
  return sha256(refreshToken);
}

function loginNeeded(plan: RefreshingPlan, why: string): LoginNeeded {
  return new LoginNeeded(
    `fetch: ${plan.name}: ${why}; log in again, and set auth.refresh_token to the new refresh token`,
  );
}
