import { resolve } from 'node:path';
import { assertRekeyFinished } from '../../../activities/run/rekey-guard.ts';
import { withClient } from '../../../sinks/postgres/connection/client.ts';
import { postgresFailure } from '../../../sinks/postgres/connection/postgres-failure.ts';
import { rowsSince } from '../../../sinks/postgres/commands/rows-since.ts';
import type { Journal } from '../../../store/journal/journal.ts';
import type { JournalFile } from '../../../store/journal/journal-file.ts';
import { repairPart, type RepairedPart } from '../../../store/journal/repair-part.ts';
import type { PartName } from '../../../store/paths/paths.ts';
import { createContext, openStore, requirePostgres, type CommonOptions } from '../../options/context.ts';
import { openJournal } from '../../options/journal-selection.ts';
import { print, printJson, printInfo } from '../../output/output.ts';
import { UsageError } from '../../../domain/errors.ts';

/** `daybook repair-csv`: writes damaged parts of the CSV journal again, from the spool or from PostgreSQL. */
export async function repairCsvCommand(
  names: readonly string[],
  options: CommonOptions & { json?: boolean },
): Promise<void> {
  const context = createContext(options);
  const journal = openJournal(context);
  const parts = await Promise.all(names.map((name) => namedPart(journal, name)));
  const settings = requirePostgres(context);
  const store = openStore(context);
  for (const { name } of parts) await assertRekeyFinished(store, name.source);
  const { signal } = new AbortController();
  await withClient(settings, async (client) => {
    for (const { part, name } of parts) {
      const repaired = await repairPart(
        {
          journal,
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

/** The name of a part in a journal. @param text its name, or its path or URL */
export function nameInJournal(journal: string, text: string): string {
  // A path may have more slashes than it needs, or `..`; a URL has not.
  const where = [resolve(text), text].find((path) => path.startsWith(`${journal}/`));
  return where === undefined ? text : where.slice(journal.length + 1);
}

/** @param text its name in the journal, or where it is */
async function namedPart(journal: Journal, text: string): Promise<{ part: JournalFile; name: PartName }> {
  const inJournal = nameInJournal(journal.name, text);
  const name = journal.paths.part.parse(inJournal);
  const parts = name === null ? [] : (await journal.day(name.source, name.day)).parts;
  const part = parts.find((one) => one.name === inJournal);
  if (name && part) return { part, name };
  const example = journal.paths.part.build({
    source: 'quakes',
    day: '2026-11-20',
    ingestedAt: '2026-11-20T10:00:00.000Z',
    hash: '0123456789abcdef',
    check: { rows: 300, sha256: '0123456789abcdef' },
  });
  throw new UsageError(
    `repair-csv: no part "${text}" in ${journal.name}; use a path from the alert, such as ${example}`,
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
