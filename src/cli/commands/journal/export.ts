import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { csvHeader, csvRows, escapeFormula } from '../../../formats/csv/csv.ts';
import { DaybookError, messageOf, CannotStart } from '../../../domain/errors.ts';
import { unitName, type JournalSelection } from '../../../domain/storage/journal.ts';
import { visibleLines } from '../../../domain/text/visible-text.ts';
import type { Journal } from '../../../store/journal/journal.ts';
import { KeySet } from '../../../store/journal/key-set.ts';
import { journalUnits, readUnit } from '../../../store/journal/walk-journal.ts';
import { temporaryIn } from '../../../store/blobs/temporary-files.ts';
import { createContext } from '../../options/context.ts';
import { openJournal, readSelection, type SelectionOptions } from '../../options/journal-selection.ts';
import { setExitCode } from '../../output/exit-code.ts';
import { printInfo } from '../../output/output.ts';
import { ProgressLine, type Progress } from '../../output/terminal/progress.ts';

export interface ExportOptions extends SelectionOptions {
  readonly escapeFormulas?: boolean;
  readonly output?: string;
}

/** `daybook export`: records of the CSV journal as CSV, each key once. Exit code 1 if files were damaged. */
export async function exportCommand(options: ExportOptions): Promise<void> {
  const journal = openJournal(createContext(options));
  const choice = await readSelection(options, journal);
  // On a terminal the records themselves show the progress.
  const progress = options.output !== undefined || !process.stdout.isTTY ? new ProgressLine() : null;
  const escape = options.escapeFormulas === true;
  const text = exportText(journal, choice, { escape, onUnit: (shown) => progress?.show(shown) }, (message) => {
    setExitCode(1);
    progress?.end();
    printInfo(message);
  });
  if (options.output === undefined) {
    // A file or a pipe gets the records as they are; a terminal would execute escape sequences in them.
    const shown = process.stdout.isTTY ? visibleLines : (piece: string) => piece;
    for await (const piece of text) if (!process.stdout.write(shown(piece))) await drained();
    // The process ends right after this.
    await new Promise((done) => void process.stdout.write('', done));
  } else await writeWhole(resolve(options.output), text).finally(() => progress?.end());
  progress?.end();
}

const quietMs = 2_000;

async function* exportText(
  journal: Journal,
  choice: JournalSelection,
  { escape, onUnit }: { readonly escape: boolean; readonly onUnit: (progress: Progress) => void },
  onDamage: (message: string) => void,
): AsyncGenerator<string> {
  yield csvHeader;
  const keys = new KeySet();
  const startedMs = performance.now();
  let written = 0;
  const units = await journalUnits(journal, choice);
  for (const [done, unit] of units.entries()) {
    // Most exports finish before anyone needs a progress line.
    if (performance.now() - startedMs > quietMs)
      onUnit({ text: `${written} records of ${done} days; now ${unitName(unit)}`, done, total: units.length });
    for await (const { rows } of readUnit(journal, unit, choice, ({ message }) => onDamage(message))) {
      const fresh = rows.filter(({ source, sourceId }) => keys.add(source, sourceId));
      written += fresh.length;
      if (fresh.length > 0) yield csvRows(escape ? fresh.map(withoutFormulas) : fresh).toString();
    }
  }
}

function withoutFormulas<T extends { readonly sourceId: string; readonly payload: string }>(row: T): T {
  return { ...row, sourceId: escapeFormula(row.sourceId), payload: escapeFormula(row.payload) };
}

async function drained(): Promise<void> {
  await new Promise<void>((done) => void process.stdout.once('drain', done));
}

async function writeWhole(path: string, text: AsyncGenerator<string>): Promise<void> {
  const temporary = temporaryIn(dirname(path));
  try {
    await pipeline(Readable.from(text), createWriteStream(temporary, { flags: 'wx', flush: true }));
    await rename(temporary, path);
  } catch (error) {
    if (error instanceof DaybookError) throw error;
    throw new CannotStart(
      `export: ${path} could not be written: ${reasonOf(error)}; its folder must exist and be writable`,
    );
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** What the system says, without the call and the name of the temporary file. */
function reasonOf(error: unknown): string {
  const { syscall } = error as NodeJS.ErrnoException;
  const message = messageOf(error);
  return syscall === undefined ? message : (message.split(`, ${syscall}`)[0] ?? message);
}
