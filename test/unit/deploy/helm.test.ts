import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { projectFolder } from '../../support/deploy/dockerfile.ts';

const chart = join(projectFolder, 'deploy', 'helm', 'daybook');
const read = (...path: string[]) => readFileSync(join(...path), 'utf8');

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
}

describe('the Helm chart', () => {
  test('has the version of the package', () => {
    const { version } = JSON.parse(read(projectFolder, 'package.json')) as { version: string };
    expect(parse(read(chart, 'Chart.yaml'))).toMatchObject({ version, appVersion: version });
  });

  test('has a schema with exactly the values that it has', () => {
    const keysOf = (values: unknown, schema: Schema): string[] =>
      Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => {
        const value = (values as Record<string, unknown>)[key];
        return inner.properties
          ? keysOf(value, inner).map((rest) => `${key}.${rest}`)
          : [`${key}: ${value !== undefined}`];
      });
    const schema = JSON.parse(read(chart, 'values.schema.json')) as Schema;
    const values = parse(read(chart, 'values.yaml')) as Record<string, Record<string, unknown>>;
    const inSchema = keysOf(values, schema);
    expect(inSchema.filter((key) => key.endsWith('false'))).toEqual(['global: false']);
    const unknown = Object.entries(values).flatMap(([key, value]) => {
      const known = schema.properties?.[key];
      if (!known) return [key];
      return known.properties
        ? Object.keys(value)
            .filter((inner) => !known.properties?.[inner])
            .map((inner) => `${key}.${inner}`)
        : [];
    });
    expect(unknown).toEqual([]);
  });
});
