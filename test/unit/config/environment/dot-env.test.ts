import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readEnvironment } from '../../../../src/config/environment/environment.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'daybook-env-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The environment of a configuration with a `.env` beside it. */
function read(dotEnv: string, variables: Readonly<Record<string, string>> = {}) {
  writeFileSync(join(folder, '.env'), dotEnv);
  return readEnvironment({ config: join(folder, 'daybook.yaml') }, variables);
}

function secretFile(content: string): string {
  writeFileSync(join(folder, 'secret'), content);
  return join(folder, 'secret');
}

describe('.env beside the configuration', () => {
  test('counts for settings and for references', () => {
    const { postgres, logLevel, lookUp } = read('# local\nPG_HOST=db.test\nLOG_LEVEL="debug"\nAPI_TOKEN=t0ken\n');
    expect(postgres?.host).toBe('db.test');
    expect(logLevel).toBe('debug');
    expect(lookUp('API_TOKEN')).toBe('t0ken');
  });

  test('is not needed', () => {
    expect(readEnvironment({ config: join(folder, 'daybook.yaml') }, {}).postgres).toBeNull();
  });

  test('never overrides a variable of the environment, an empty one neither', () => {
    const { lookUp } = read('API_TOKEN=from-file\nOTHER=from-file', { API_TOKEN: 'from-environment', OTHER: '' });
    expect(lookUp('API_TOKEN')).toBe('from-environment');
    expect(lookUp('OTHER')).toBe('');
  });

  test('never overrides a secret that the environment names a file for', () => {
    const variables = { PG_HOST: 'db.test', PG_PASSWORD_FILE: secretFile('from-secret\n') };
    expect(read('PG_PASSWORD=from-dot-env', variables).postgres?.password).toBe('from-secret');
  });

  test('is read again after an edit', () => {
    const { lookUp } = read('API_TOKEN=old\n');
    expect(lookUp('API_TOKEN')).toBe('old');
    expect(lookUp('OTHER')).toBeUndefined();
    writeFileSync(join(folder, '.env'), 'API_TOKEN=newer\nOTHER=added\n');
    expect(lookUp('API_TOKEN')).toBe('newer');
    expect(lookUp('OTHER')).toBe('added');
    rmSync(join(folder, '.env'));
    expect(lookUp('API_TOKEN')).toBeUndefined();
  });

  test('may name files of secrets itself', () => {
    const file = secretFile('s3cret\n');
    expect(read(`PG_HOST=db.test\nPG_PASSWORD_FILE=${file}`).postgres?.password).toBe('s3cret');
  });

  test('may say where data and home are', () => {
    expect(read('DAYBOOK_DATA=/srv/data').dataFolder).toBe('/srv/data');
    expect(read('DAYBOOK_HOME=/srv/home').homeFolder).toBe('/srv/home');
  });
});
