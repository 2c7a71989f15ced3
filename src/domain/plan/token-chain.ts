/** What a token endpoint gave out in return for a refresh token. Secret. */
export interface TokenLink {
  /** The token that the next request takes. */
  readonly refreshToken: string;
  readonly accessToken: string;
  /** When the access token was requested, and from when on it is replaced, in ms since 1970. */
  readonly askedAtMs: number;
  readonly renewAtMs: number;
}

/** The last link of a chain. Its number counts from 1; 0 = there is none, and the configured token is the next to be used. */
export interface LastLink {
  readonly number: number;
  /** Null where there is none, or it cannot be read. */
  readonly link: TokenLink | null;
  /** Why it cannot be read; null if it can. */
  readonly problem: string | null;
}

/** Chains of refresh tokens, kept where all processes see them: each token may be used once. */
export interface TokenChains {
  /** @param chain 64 hex digits */
  last(chain: string): Promise<LastLink>;
  /** Takes the right to request a link, for one process of all; false = another one has it. */
  claim(chain: string, number: number, attempt: 1 | 2): Promise<boolean>;
  /** When it was taken, in ms since 1970; null = no process has it. */
  claimedAt(chain: string, number: number, attempt: 1 | 2): Promise<number | null>;
  release(chain: string, number: number, attempt: 1 | 2): Promise<void>;
  /** Adds a link; false = there is one of this number. Resolves once it is durable. */
  save(chain: string, number: number, link: TokenLink): Promise<boolean>;
}
