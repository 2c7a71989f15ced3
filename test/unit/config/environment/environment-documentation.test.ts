import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readEnvironment } from '../../../../src/config/environment/environment.ts';
import { temporalSettings } from '../../../../src/config/environment/temporal-settings.ts';

const documentation = readFileSync(new URL('../../../../docs/configuration.md', import.meta.url), 'utf8');

/** Names in the first table of the page. */
function documented(): string[] {
  const [table = ''] = /(?:^\|.*\n)+/m.exec(documentation) ?? [];
  return [...table.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, name = '']) => name).sort();
}

/** Names that the environment is asked for. */
function asked(): string[] {
  const names = new Set<string>();
  const variables = new Proxy<Record<string, string>>(
    { PG_HOST: 'db.test' },
    {
      get(target, name: string) {
        names.add(name);
        return target[name];
      },
    },
  );
  const environment = readEnvironment({}, variables);
  temporalSettings(environment);
  return [...names].filter((name) => /^[A-Z_]+$/.test(name) && !name.endsWith('_FILE')).sort();
}

test('the table of variables holds those that are read, and no others', () => {
  // The Temporal SDK reads it together with its other variables.
  expect([...asked(), 'TEMPORAL_NAMESPACE'].sort()).toEqual(documented());
});
