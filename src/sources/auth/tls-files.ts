import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { messageOf, SourceRefused } from '../../domain/errors.ts';
import type { TlsPlan } from '../../domain/plan/auth-plan.ts';
import { isPem, pemText } from '../../domain/text/pem.ts';
import { sha256 } from '../../formats/sha256.ts';

/** Certificate, key and authorities, read. */
export interface TlsMaterial {
  readonly options: Pick<SecureContextOptions, 'cert' | 'key' | 'ca'>;
  /** Of all of it. */
  readonly hash: string;
}

const maxKnown = 100;

/** Reads certificates and keys, for each request again: they are replaced before they expire. */
export class TlsFiles {
  readonly #resolvePath: (path: string) => string;
  /** Those that were found to be good. */
  readonly #known = new Map<string, TlsMaterial>();

  constructor(resolvePath: (path: string) => string) {
    this.#resolvePath = resolvePath;
  }

  /** @throws SourceRefused if a file cannot be read, or holds something else */
  async read(plan: TlsPlan, subject: string): Promise<TlsMaterial> {
    const texts = await Promise.all(
      (['cert', 'key', 'ca'] as const).map(async (name) => [name, await this.#textOf(plan, name, subject)] as const),
    );
    const options = Object.fromEntries(texts.filter(([, text]) => text !== null));
    const hash = sha256(JSON.stringify(options));
    const known = this.#known.get(hash);
    if (known) return known;
    const problem = tlsProblem(options);
    if (problem !== null) throw new SourceRefused(`fetch: ${subject}: tls: ${problem}`, { ofCredentials: true });
    const material = { options, hash };
    // Old ones are checked again if they come back.
    if (this.#known.size >= maxKnown) this.#known.clear();
    this.#known.set(hash, material);
    return material;
  }

  /** What is wrong with them; null if nothing is. */
  async problem(plan: TlsPlan): Promise<string | null> {
    try {
      await this.read(plan, '');
      return null;
    } catch (error) {
      if (!(error instanceof SourceRefused)) throw error;
      return error.message.replace(/^fetch: : (?:tls: )?/, '');
    }
  }

  async #textOf(plan: TlsPlan, name: keyof TlsPlan, subject: string): Promise<string | null> {
    const value = plan[name];
    if (value === undefined) return null;
    if (isPem(value)) return pemText(value);
    try {
      return await readFile(this.#resolvePath(value), 'utf8');
    } catch (error) {
      throw new SourceRefused(
        `fetch: ${subject}: tls.${name} cannot be read (${messageOf(error)}), expected a PEM file`,
        { ofCredentials: true },
      );
    }
  }
}

/** What is wrong with certificate and key, in words of OpenSSL, which never quotes them; null if nothing is. */
function tlsProblem(options: TlsMaterial['options']): string | null {
  const { ca } = options;
  try {
    // What is not a certificate is passed over by the next call.
    if (ca !== undefined) new X509Certificate(String(ca));
    createSecureContext(options);
    return null;
  } catch (error) {
    return `cert, key or ca cannot be used (${messageOf(error)}), expected PEM texts, and the key of the certificate`;
  }
}
