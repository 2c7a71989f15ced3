import type { LastLink, TokenChains, TokenLink } from '../../domain/plan/token-chain.ts';
import { decrypt, encrypt } from '../../formats/encryption.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { hasFields, parseStoredJson, storedJson } from '../blobs/stored-json.ts';
import { storePaths } from '../paths/paths.ts';

/** A link as it is kept. */
interface SealedLink {
  /** Base64. */
  readonly sealed: string;
}

/**
 * Chains in the store, so that all workers share them. A link is bound to its path: none can take the place of another.
 * @param keyOf `DAYBOOK_KEY`; throws if it is not set
 */
export function createTokenChains(
  store: BlobStore,
  keyOf: () => Uint8Array,
  now: () => number = Date.now,
): TokenChains {
  const { token, tokenClaim } = storePaths;

  async function lastNumber(chain: string): Promise<number> {
    const paths = await store.list(token.folder({ chain }));
    return paths.reduce((most, path) => Math.max(most, token.parse(path)?.number ?? 0), 0);
  }

  /** Nothing reads what is before the last link; a process that still works on it looks for the last one first. */
  async function deleteBefore(chain: string, number: number): Promise<void> {
    for (const path of await store.list(token.folder({ chain }))) {
      const found = token.parse(path) ?? tokenClaim.parse(path);
      if (found && found.number < number) await store.delete(path);
    }
  }

  return {
    async last(chain): Promise<LastLink> {
      // Without a key no token may be used: what replaces it could not be kept.
      const key = keyOf();
      for (;;) {
        const number = await lastNumber(chain);
        if (number === 0) return { number, link: null, problem: null };
        const path = token.build({ chain, number });
        const content = await store.get(path);
        // It was deleted behind a younger one.
        if (content !== null) return { number, ...readLink(path, content, key) };
      }
    },

    claim: (chain, number, attempt) =>
      store.putIfAbsent(
        tokenClaim.build({ chain, number, attempt }),
        storedJson({ at: new Date(now()).toISOString() }),
      ),

    async claimedAt(chain, number, attempt) {
      const content = await store.get(tokenClaim.build({ chain, number, attempt }));
      if (content === null) return null;
      const isClaim = (value: unknown): value is { at: string } => hasFields(value, { at: 'time' });
      const parsed = parseStoredJson(content, 'a claim', isClaim);
      // Its name alone counts.
      return parsed.ok ? Date.parse(parsed.value.at) : 0;
    },

    release: (chain, number, attempt) => store.delete(tokenClaim.build({ chain, number, attempt })),

    async save(chain, number, link) {
      const path = token.build({ chain, number });
      const sealed = encrypt({ id: path, bytes: keyOf() }, Buffer.from(JSON.stringify(link)));
      const content: SealedLink = { sealed: Buffer.from(sealed).toString('base64') };
      if (!(await store.putIfAbsent(path, storedJson(content)))) return false;
      // What cannot be deleted now is deleted behind the next link.
      await deleteBefore(chain, number).catch(() => undefined);
      return true;
    },
  };
}

function readLink(path: string, content: Buffer, key: Uint8Array): Pick<LastLink, 'link' | 'problem'> {
  const isSealed = (value: unknown): value is SealedLink => hasFields(value, { sealed: 'string' });
  const parsed = parseStoredJson(content, 'an encrypted token', isSealed);
  if (!parsed.ok) return { link: null, problem: `${path} ${parsed.problem}` };
  try {
    const plain = decrypt({ id: path, bytes: key }, Buffer.from(parsed.value.sealed, 'base64'));
    return { link: JSON.parse(Buffer.from(plain).toString()) as TokenLink, problem: null };
  } catch {
    return { link: null, problem: `${path} cannot be decrypted with DAYBOOK_KEY` };
  }
}
