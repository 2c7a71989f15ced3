import { counted } from '../../../domain/text/counted.ts';
import { SinkMisconfigured, UsageError } from '../../../domain/errors.ts';
import { withClient } from '../../../sinks/postgres/connection/client.ts';
import { isBehindPooler } from '../../../sinks/postgres/connection/pooler.ts';
import { postgresFailure, toPostgresError } from '../../../sinks/postgres/connection/postgres-failure.ts';
import { createContext, requirePostgres, type CommonOptions } from '../../options/context.ts';
import { formatTable, printJsonText, printLines, printInfo } from '../../output/output.ts';

/** Types that PostgreSQL prints as JSON does: bool, int2, int4, int8, float4, float8, numeric, json, jsonb. */
const jsonTypes = new Set([16, 20, 21, 23, 700, 701, 1700, 114, 3802]);

/** `daybook sql`: runs statements on the PostgreSQL in use and prints their rows. */
export async function sqlCommand(text: string, options: CommonOptions & { readonly json?: boolean }): Promise<void> {
  if (text.trim() === '')
    throw new UsageError('found no SQL, expected a statement such as "select count(*) from raw_events"');
  const context = createContext(options);
  const settings = requirePostgres(context);
  // Every value stays the text that PostgreSQL sent: numbers keep their digits, times their microseconds.
  const types = { getTypeParser: () => (value: string) => value };
  const session = [`timezone = 'UTC'`, `search_path to "${settings.schema.replaceAll('"', '""')}"`];
  try {
    await withClient(
      settings,
      async (client) => {
        // A pooler may run the next message in another session: so the settings are made for this message alone, as one transaction.
        const together = await isBehindPooler(client);
        if (!together) await client.query(`set ${session.join('; set ')}`);
        const local = together ? `set local ${session.join('; set local ')}; ` : '';
        const result: unknown = await client.query({ text: `${local}${text}`, rowMode: 'array' });
        const results = (Array.isArray(result) ? result : [result]) as Result[];
        for (const one of results.slice(together ? session.length : 0)) printResult(one, options.json === true);
      },
      { types },
    );
  } catch (error) {
    const { code = '', message } = toPostgresError(error);
    // Errors of the statement itself are its author's: the advice for Daybook's own statements would mislead.
    if (/^42(?!501|P01)/.test(code)) throw new SinkMisconfigured(`postgres: statement failed: ${message} (${code})`);
    throw postgresFailure(error, 'statement failed');
  }
}

interface Result {
  readonly command: string | null;
  readonly rowCount: number | null;
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
  readonly rows: readonly (readonly (string | null)[])[];
}

function printResult({ command, rowCount, fields, rows }: Result, json: boolean): void {
  if (fields.length === 0) return printInfo(`${command ?? 'done'}${rowCount === null ? '' : ` ${rowCount}`}`);
  if (json) {
    for (const row of rows)
      printJsonText(`{${fields.map((field, index) => jsonMember(field, row[index] ?? null)).join(',')}}`);
    return;
  }
  const head = fields.map(({ name }) => name);
  printLines(
    formatTable(
      head,
      rows.map((row) => row.map((value) => value ?? '')),
    ),
  );
  printInfo(`(${counted(rows.length, 'row')})`);
}

function jsonMember({ name, dataTypeID }: Result['fields'][number], value: string | null): string {
  return `${JSON.stringify(name)}:${jsonValue(dataTypeID, value)}`;
}

function jsonValue(type: number, value: string | null): string {
  if (value === null) return 'null';
  if (type === 16) return value === 't' ? 'true' : 'false';
  return jsonTypes.has(type) && !/^-?(?:NaN|Infinity)$/.test(value) ? value : JSON.stringify(value);
}
