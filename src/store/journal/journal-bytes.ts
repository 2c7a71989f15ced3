import { createHash } from 'node:crypto';
import { Transform, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { JournalFile } from './journal-file.ts';

/** The uncompressed bytes of a file of the journal, and what is known of them at the end. */
export interface JournalBytes {
  readonly stream: Readable;
  /** Of everything that was read so far, in hex. */
  sha256(): string;
  /** Whether the last byte was a newline; true if there was none. */
  isFinished(): boolean;
}

/** Opens a file. Failures are errors of its stream. */
export function openJournalBytes({ name, stream: open }: Pick<JournalFile, 'name' | 'stream'>): JournalBytes {
  const hash = createHash('sha256');
  let last = newline;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      last = chunk.at(-1) ?? last;
      done(null, chunk);
    },
  });
  const file = open();
  const stages: readonly (Readable | Transform)[] = name.endsWith('.gz')
    ? [file, createGunzip({ chunkSize: chunkBytes })]
    : [file];
  for (const stage of stages) stage.on('error', (error) => counter.destroy(error));
  const stream = stages.reduce<Readable>(
    (from, stage) => (from === stage ? from : from.pipe(stage as Transform)),
    file,
  );
  stream.pipe(counter);
  // A reader that stops early leaves no file open.
  counter.on('close', () => stages.forEach((stage) => stage.destroy()));
  return { stream: counter, sha256: () => hash.copy().digest('hex'), isFinished: () => last === newline };
}

const newline = 0x0a;
const chunkBytes = 256 * 1024;
