import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Archives } from '../../../src/domain/storage/archive.ts';
import { createArchives } from '../../../src/store/journal/archives.ts';
import { createDirectoryStore } from '../../../src/store/blobs/directory-store.ts';

/** A store for archives, with hands that damage them. */
export class ArchiveFolder {
  readonly #folder = mkdtempSync(join(tmpdir(), 'daybook-archives-'));
  readonly archives: Archives = createArchives(createDirectoryStore(this.#folder));

  path(name: string): string {
    return join(this.#folder, 'archives', `${name}.csv.gz`);
  }

  manifest(name: string): Record<string, unknown> {
    return JSON.parse(readFileSync(join(this.#folder, 'archives', `${name}.json`), 'utf8')) as Record<string, unknown>;
  }

  removeManifest(name: string): void {
    rmSync(join(this.#folder, 'archives', `${name}.json`));
  }

  csv(name: string): string {
    return gunzipSync(readFileSync(this.path(name))).toString();
  }

  /** Flips a byte in the middle. */
  flip(name: string): void {
    const bytes = readFileSync(this.path(name));
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 0xff;
    writeFileSync(this.path(name), bytes);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
