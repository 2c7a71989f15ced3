import { pipeline } from 'node:stream/promises';
import { PassThrough, type Readable } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import type { ArchiveManifest, Archives, StoredArchive } from '../domain/archive.ts';
import { CsvDigester } from '../domain/csv-digest.ts';
import type { Day } from '../domain/day.ts';
import { SinkUnavailable } from '../domain/errors.ts';
import type { BlobStore } from './blob-store.ts';

const folder = 'archives';
const name = /^archives\/(\d{4}-\d\d-\d\d)(?:\.(\d+))?\.csv\.gz$/;

/**
 * Archives as blobs: `archives/<day>.csv.gz` with its manifest `archives/<day>.json`; further ones of the same day are
 * `<day>.2`, `<day>.3`, ….
 */
export function createArchives(store: BlobStore): Archives {
  return {
    async list(day) {
      const found: (StoredArchive & { readonly number: number })[] = [];
      for (const path of await store.list(folder)) {
        const [, ofDay, number = '1'] = name.exec(path) ?? [];
        if (ofDay !== day) continue;
        const manifest = await store.get(manifestPath(path));
        found.push({ path, number: Number(number), manifest: manifest && parseManifest(manifest.toString()) });
      }
      return found.sort((a, b) => a.number - b.number).map(({ path, manifest }) => ({ path, manifest }));
    },

    async days() {
      const paths = await store.list(folder);
      return [...new Set(paths.flatMap((path) => name.exec(path)?.[1] ?? []))].sort();
    },

    async write(day, csv, signal) {
      const taken = new Set(await store.list(folder));
      let number = 1;
      while (taken.has(archivePath(day, number)) || taken.has(manifestPath(archivePath(day, number)))) number++;
      const path = archivePath(day, number);
      const digester = new CsvDigester();
      const packed = compress(digested(csv, digester), signal);
      if (!(await store.putStreamIfAbsent(path, packed))) {
        throw new SinkUnavailable(`store: ${path} appeared while it was written, expected nobody else to write it`);
      }
      return { path, digest: digester.finish() };
    },

    async describe(path, manifest) {
      await store.putIfAbsent(manifestPath(path), `${JSON.stringify(manifest, null, 2)}\n`);
    },

    async read(path) {
      const packed = await store.getStream(path);
      if (!packed) throw new SinkUnavailable(`store: ${path} is gone, expected the archive there`);
      const csv = createGunzip();
      // An error of either side surfaces where the CSV is read.
      pipeline(packed, csv).catch(() => undefined);
      return csv;
    },
  };
}

function archivePath(day: Day, number: number): string {
  return `${folder}/${day}${number === 1 ? '' : `.${number}`}.csv.gz`;
}

function manifestPath(path: string): string {
  return path.replace(/\.csv\.gz$/, '.json');
}

/** Null where it is no manifest: the archive counts as having none. */
function parseManifest(text: string): ArchiveManifest | null {
  try {
    const value = JSON.parse(text) as Partial<ArchiveManifest> | null;
    return typeof value?.rows === 'number' && typeof value.sha256 === 'string' ? (value as ArchiveManifest) : null;
  } catch {
    return null;
  }
}

async function* digested(csv: AsyncIterable<Uint8Array>, digester: CsvDigester): AsyncGenerator<Uint8Array> {
  for await (const chunk of csv) {
    digester.add(chunk);
    yield chunk;
  }
}

/** What goes wrong with the CSV fails the reading of what is compressed. */
function compress(csv: AsyncIterable<Uint8Array>, signal: AbortSignal): Readable {
  const packed = new PassThrough();
  pipeline(csv, createGzip(), packed, { signal }).catch((error: unknown) => packed.destroy(error as Error));
  return packed;
}
