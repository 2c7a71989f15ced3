import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readEnvironment } from '../../../../src/config/environment/environment.ts';
import { environmentVariables } from '../../../../src/config/environment/variables.ts';
import { environmentPage, withEnvironmentTable } from '../../../../src/config/reference/environment-reference.ts';
import { temporalSettings } from '../../../../src/config/environment/temporal-settings.ts';

const documentation = readFileSync(environmentPage, 'utf8');

/** Names in the first table of the page. */
function documented(): string[] {
  const [table = ''] = /(?:^\|.*\n)+/m.exec(documentation) ?? [];
  return [...table.matchAll(/^\| `([A-Z\d_]+)`/gm)].map(([, name = '']) => name).sort();
}

/** Names that the environment is asked for. */
function asked(): string[] {
  const names = new Set<string>();
  const variables = new Proxy<Record<string, string>>(
    { PG_HOST: 'db.test', DAYBOOK_STORE: 's3://bucket', AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'key' },
    {
      get(target, name: string) {
        names.add(name);
        return target[name];
      },
    },
  );
  const environment = readEnvironment({}, variables);
  temporalSettings(environment);
  const isFileOf = (name: string) => name.endsWith('_FILE') && names.has(name.slice(0, -'_FILE'.length));
  return [...names].filter((name) => /^[A-Z\d_]+$/.test(name) && !isFileOf(name)).sort();
}

test('the table of variables holds those that are read, and no others', () => {
  // The Temporal SDK reads it together with its other variables.
  expect([...asked(), 'TEMPORAL_NAMESPACE'].sort()).toEqual(documented());
});

test('the table of variables is written from the code (npm run schema writes it)', () => {
  expect(withEnvironmentTable(documentation)).toBe(documentation);
  expect(() => withEnvironmentTable('# Configuration')).toThrow('docs/configuration.md: missing the lines');
});

/** What the environment decides, without the variables themselves. */
function decided(set: Readonly<Record<string, string>>): string {
  const {
    variables: _,
    ownVariables: _own,
    lookUp: _lookUp,
    http,
    ...rest
  } = readEnvironment({}, { PG_HOST: 'db', ...set });
  return JSON.stringify({ ...rest, http: http && { host: http.host, port: http.port } });
}

/** The values in backticks of a cell. */
const valuesIn = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, value = '']) => value);
const names = new Set(environmentVariables.map(({ name }) => name));

test('a default that is a value holds where the variable is not set', () => {
  const values = environmentVariables.flatMap(({ name, default: otherwise }) =>
    valuesIn(otherwise).flatMap((value) => (names.has(value) || value.startsWith('~') ? [] : [{ name, value }])),
  );
  expect(values.length).toBeGreaterThan(10);
  // The name `daybook` counts as given, but means the same.
  const wrong = values.filter(
    ({ name, value }) => name !== 'DAYBOOK_INSTANCE' && decided({ [name]: value }) !== decided({}),
  );
  expect(wrong).toEqual([]);
});

test.each(['PG_SSLMODE', 'LOG_LEVEL'])('all values shown of %s are accepted', (name) => {
  const values = valuesIn(environmentVariables.find((variable) => variable.name === name)?.meaning ?? '');
  expect(values.length).toBeGreaterThan(5);
  for (const value of values) expect(decided({ [name]: value })).toContain(`"${value}"`);
});
