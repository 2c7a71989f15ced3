import type { Readable } from 'node:stream';
import type { TimeRangeText } from '../../domain/time/backfill-windows.ts';
import type { Day } from '../../domain/time/day.ts';
import type { JournalPartPaths } from '../paths/paths.ts';
import type { ArchiveFile, JournalDay, JournalFile, SourceDay } from './journal-file.ts';
import type { SealManifest } from './manifest.ts';
import type { Rewrite } from './merge-day.ts';
import type { SealContext } from './seal-context.ts';

/** The CSV journal, in a folder or in a bucket. */
export interface Journal {
  /** Where it is, for people. */
  readonly name: string;
  /** Names of its parts. */
  readonly paths: JournalPartPaths;
  /** Sources that it knows, whether or not they are configured. Files of a canary are gone in a moment. */
  sources(): Promise<string[]>;
  /**
   * Days on which something was ingested of a source, oldest first.
   * @param window only those that may have records of that time, where this is known at less cost than by reading each
   */
  days(source: string, window?: TimeRangeText | null): Promise<Day[]>;
  /** Those of them that the next sealing has to look at. */
  partDays(source: string): Promise<Day[]>;
  /** The files of a day. What is sealed while they are looked up is among them at least once. */
  day(source: string, day: Day): Promise<JournalDay>;
  /** A part by its name, whether or not there is one. */
  part(name: string): JournalFile;
  /** Archives of retired days, oldest first; of several of a day the newest comes first, because it decides. */
  archives(): Promise<ArchiveFile[]>;
  /** Writes a part, replacing any of the same name; it is there whole or not at all. */
  putPart(name: string, content: Uint8Array): Promise<void>;
  /** Does nothing where there is none. */
  deletePart(part: JournalFile): Promise<void>;
  /**
   * Does work on the parts of a source that must not be sealed meanwhile, and that no one else may do at the same time.
   * Where sealing needs no lock, the work has to be safe beside it.
   */
  alone<T>(source: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  /**
   * Merges the parts of a day, and what is sealed already, into one compressed file with a manifest, and only then deletes those
   * parts. A part that comes later is merged the next time. Safe to repeat, beside another sealer, and after a kill at any moment.
   * @returns false if there was no part
   * @throws DamagedFile; nothing is replaced or deleted then. JournalBusy, see `impatient`
   */
  sealDay(day: SourceDay, context: SealContext): Promise<boolean>;
  /**
   * Writes all of a source again, as `rewrite` makes its rows, a day at a time. Safe to repeat where `rewrite` is, beside a sealer,
   * and after a kill at any moment.
   */
  rewrite(source: string, rewrite: Rewrite, signal: AbortSignal, onDay: (day: Day) => void): Promise<void>;
  /**
   * Puts a sealed file as it is in the place of what is sealed of a day; parts stay. Safe to repeat, and after a kill at any moment.
   * @param content its compressed bytes
   */
  putSealed(day: SourceDay, manifest: SealManifest, content: () => Readable, signal: AbortSignal): Promise<void>;
  /** Deletes a sealed day; a running sealer finishes first. Safe to repeat. */
  deleteSealed(day: SourceDay, signal: AbortSignal): Promise<void>;
  /** Deletes what killed writers of a source left, and empty folders. */
  tidy(source: string): Promise<void>;
  /** Deletes what kills left half written, older than a day; returns how many files. */
  deleteLeftovers(of: 'parts' | 'archives', signal: AbortSignal): Promise<number>;
}
