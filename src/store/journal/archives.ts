import { pipeline } from 'node:stream/promises';
import { PassThrough, type Readable } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import type { ArchiveManifest, Archives, StoredArchive } from '../../domain/storage/archive.ts';
import { CsvDigester } from '../../formats/csv/csv-digest.ts';
import { SinkUnavailable } from '../../domain/errors.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { storePaths } from '../paths/paths.ts';
import { hasFields, parseStoredJson, storedJson } from '../blobs/stored-json.ts';

const { archive, archiveManifest } = storePaths;
const folder = archive.folder({});

/** Archives as blobs, each with its manifest; further ones of the same day have a number. */
export function createArchives(store: BlobStore): Archives {
  return {
    async list(day) {
      const archives: { readonly number: number; readonly stored: StoredArchive }[] = [];
      for (const path of await store.list(folder)) {
        const found = archive.parse(path);
        if (found?.day !== day) continue;
        const manifestPath = archiveManifest.build(found);
        const manifest = await store.get(manifestPath);
        const stored = { path, manifestPath, manifest: manifest && parseManifest(manifest) };
        archives.push({ number: found.number, stored });
      }
      return archives.sort((a, b) => a.number - b.number).map(({ stored }) => stored);
    },

    pathOf: (day) => archive.build({ day, number: 1 }),

    async days() {
      const paths = await store.list(folder);
      return [...new Set(paths.flatMap((path) => archive.parse(path)?.day ?? []))].sort();
    },

    async write(day, csv, signal) {
      const taken = new Set(await store.list(folder));
      let number = 1;
      while (taken.has(archive.build({ day, number })) || taken.has(archiveManifest.build({ day, number }))) number++;
      const path = archive.build({ day, number });
      const digester = new CsvDigester();
      const packed = compress(digested(csv, digester), signal);
      if (!(await store.putStreamIfAbsent(path, packed))) {
        throw new SinkUnavailable(
          `store: ${path} appeared while it was being written; nothing else may write this file`,
        );
      }
      return { path, digest: digester.finish() };
    },

    async describe(path, manifest) {
      const described = archive.parse(path);
      if (!described) throw new TypeError(`${path} is not an archive`);
      await store.putIfAbsent(archiveManifest.build(described), storedJson(manifest, 2));
    },

    async read(path) {
      const packed = await store.getStream(path);
      if (!packed) throw new SinkUnavailable(`store: ${path} is missing, expected an archive`);
      const csv = createGunzip();
      // An error of either side surfaces where the CSV is read.
      pipeline(packed, csv).catch(() => undefined);
      return csv;
    },
  };
}

/** Null if it is not a manifest: the archive counts as having none. */
function parseManifest(content: Buffer): ArchiveManifest | null {
  const isManifest = (value: unknown): value is ArchiveManifest =>
    hasFields(value, { rows: 'number', sha256: 'string' });
  const parsed = parseStoredJson(content, 'the manifest of an archive', isManifest);
  return parsed.ok ? parsed.value : null;
}

async function* digested(csv: AsyncIterable<Uint8Array>, digester: CsvDigester): AsyncGenerator<Uint8Array> {
  for await (const chunk of csv) {
    digester.add(chunk);
    yield chunk;
  }
}

/** An error of the CSV fails the reading of the compressed stream. */
function compress(csv: AsyncIterable<Uint8Array>, signal: AbortSignal): Readable {
  const packed = new PassThrough();
  pipeline(csv, createGzip(), packed, { signal }).catch((error: unknown) => packed.destroy(error as Error));
  return packed;
}
