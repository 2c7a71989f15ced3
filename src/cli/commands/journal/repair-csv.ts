import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { assertRekeyFinished } from '../../../activities/run/rekey-guard.ts';
import { withClient } from '../../../sinks/postgres/connection/client.ts';
import { postgresFailure } from '../../../sinks/postgres/connection/postgres-failure.ts';
import { rowsSince } from '../../../sinks/postgres/commands/rows-since.ts';
import { partFile, type JournalFile, type JournalFolders } from '../../../store/journal/journal-files.ts';
import { repairPart, type RepairedPart } from '../../../store/journal/repair-part.ts';
import type { PartName } from '../../../store/journal/repair-tools.ts';
import { journalPaths } from '../../../store/paths/paths.ts';
import { createContext, openStore, requirePostgres, type CommonOptions } from '../../options/context.ts';
import { journalFolders } from '../../options/journal-selection.ts';
import { print, printJson, printInfo } from '../../output/output.ts';
import { UsageError } from '../../../domain/errors.ts';

/** `daybook repair-csv`: writes damaged parts of the CSV journal again, from the spool or from PostgreSQL. */
export async function repairCsvCommand(
  names: readonly string[],
  options: CommonOptions & { json?: boolean },
): Promise<void> {
  const context = createContext(options);
  const folders = journalFolders(context);
  const parts = await Promise.all(names.map((name) => namedPart(folders, name)));
  const settings = requirePostgres(context);
  const store = openStore(context);
  for (const { name } of parts) await assertRekeyFinished(store, name.source);
  const { signal } = new AbortController();
  await withClient(settings, async (client) => {
    for (const { part, name } of parts) {
      const repaired = await repairPart(
        {
          folders,
          store,
          signal,
          rowsSince: (source, since) => rowsSince(client, settings.schema, source, since),
        },
        part,
        name,
      );
      if (options.json) printJson(repaired);
      else report(repaired);
    }
  }).catch((error: unknown) => {
    throw postgresFailure(error, 'the rows of the part could not be read');
  });
}

async function namedPart(folders: JournalFolders, text: string): Promise<{ part: JournalFile; name: PartName }> {
  const path = resolve(text);
  const csv = resolve(folders.csv);
  const inJournal = path.startsWith(csv) ? path.slice(csv.length + 1) : text;
  const name = journalPaths.part.parse(inJournal);
  const part = partFile(folders.csv, inJournal);
  if (name && (await stat(part.path).catch(() => null))) return { part, name };
  throw new UsageError(
    `repair-csv: no part "${text}" in ${folders.csv}; use a path from the alert, such as quakes/2026-11-20/20261120T100000000Z-0123456789abcdef-300-0123456789abcdef.csv`,
  );
}

function report({ part, from, records, expected, unchecked, written, kept }: RepairedPart): void {
  if (from === null) return print(`${part} is intact, nothing to repair`);
  const source = from === 'spool' ? 'the batch in the spool' : 'PostgreSQL';
  print(`${part}: ${records} records rewritten from ${source}${written.length === 0 ? '' : `: ${written.join(', ')}`}`);
  if (unchecked > 0) {
    printInfo(
      `${unchecked} of them were copied from the damaged file unchecked: PostgreSQL has no matching row stored since then`,
    );
  }
  if (expected !== null && records < expected) {
    printInfo(`it had ${expected}: the others are in other files or could not be read`);
  }
  printInfo(`the damaged file is kept as ${kept} in the store: inspect it, then delete it`);
}
