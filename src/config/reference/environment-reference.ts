import { environmentVariables } from '../environment/variables.ts';
import { code, tableOf } from './reference-cells.ts';

/** Which page has the table. */
export const environmentPage = 'docs/configuration.md';

const begin = '<!-- variables: `npm run schema` writes this table from src/config/environment/variables.ts -->';
const end = '<!-- end of variables -->';

/** The page with the table of variables as the code has it. */
export function withEnvironmentTable(page: string): string {
  const [before, rest] = page.split(begin);
  const [, after] = rest?.split(end) ?? [];
  if (before === undefined || after === undefined) {
    throw new Error(`${environmentPage}: missing the lines "${begin}" and "${end}"`);
  }
  const rows = environmentVariables.map(({ name, default: otherwise, meaning }) => [code(name), otherwise, meaning]);
  return `${before}${begin}\n\n${tableOf(['variable', 'default', 'meaning'], rows)}\n\n${end}${after}`;
}
