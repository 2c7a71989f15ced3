/** As `daybook env` exports it for psql, which finds the tables by their names alone then. */
const beginning = '-c search_path=';

/** The value of `PGOPTIONS` for a schema. White space would end the option: it is escaped, as the server reads it. */
export function searchPathOption(schema: string): string {
  return `${beginning}${`"${schema}"`.replaceAll(/[\\\s]/g, '\\$&')}`;
}

/** Daybook names its schema itself, and PgBouncer refuses a connection with options: node-postgres must not find that value. */
export function dropSearchPathOption(variables: Record<string, string | undefined> = process.env): void {
  if (variables['PGOPTIONS']?.startsWith(beginning)) delete variables['PGOPTIONS'];
}
