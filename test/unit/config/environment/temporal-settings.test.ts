import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lookUpIn } from '../../../../src/config/secrets/references.ts';
import { readEnvironment } from '../../../../src/config/environment/environment.ts';
import type { Home } from '../../../../src/embedded/home/home.ts';
import { embeddedTemporalSettings } from '../../../../src/embedded/addresses.ts';
import { localTemporalSettings, temporalSettings } from '../../../../src/config/environment/temporal-settings.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'daybook-temporal-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function writeFile(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

function settings(variables: Readonly<Record<string, string>>) {
  // A profile of the user who runs the tests must not count.
  const all = { TEMPORAL_CONFIG_FILE: writeFile('profile.toml', '[profile.default]\n'), ...variables };
  return temporalSettings({ variables: all, lookUp: lookUpIn(all) });
}

describe('temporalSettings', () => {
  test('without variables are those of the CLI', () => {
    expect(settings({})).toMatchObject({ address: 'localhost:7233', namespace: 'default' });
  });

  test('take address, namespace and key', () => {
    const variables = {
      TEMPORAL_ADDRESS: 'temporal.test:7233',
      TEMPORAL_NAMESPACE: 'scrapers',
      TEMPORAL_API_KEY: 'k3y',
    };
    expect(settings(variables)).toMatchObject({
      address: 'temporal.test:7233',
      namespace: 'scrapers',
      connection: { address: 'temporal.test:7233', apiKey: 'k3y' },
    });
  });

  test('take certificates', () => {
    const variables = {
      TEMPORAL_ADDRESS: 'temporal.test:7233',
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: writeFile('ca.pem', 'certificate of the authority'),
      TEMPORAL_TLS_SERVER_NAME: 'inside.test',
    };
    expect(settings(variables).connection.tls).toMatchObject({
      serverNameOverride: 'inside.test',
      serverRootCACertificate: new TextEncoder().encode('certificate of the authority'),
    });
  });

  test('take a profile file as the CLI does', () => {
    const profile = writeFile('own.toml', '[profile.default]\naddress = "profile.test:7233"\nnamespace = "own"\n');
    expect(settings({ TEMPORAL_CONFIG_FILE: profile })).toMatchObject({
      address: 'profile.test:7233',
      namespace: 'own',
    });
  });

  test('take the key from the file that TEMPORAL_API_KEY_FILE names', () => {
    const variables = { TEMPORAL_ADDRESS: 'temporal.test:7233', TEMPORAL_API_KEY_FILE: writeFile('key', 'k3y\n') };
    expect(settings(variables).connection.apiKey).toBe('k3y');
  });
});

describe('localTemporalSettings', () => {
  test('name a server without TLS and key', () => {
    expect(localTemporalSettings('127.0.0.1:7233')).toEqual({
      address: '127.0.0.1:7233',
      namespace: 'default',
      connection: { address: '127.0.0.1:7233' },
    });
  });
});

describe('fairness keys', () => {
  const home = { ports: {} } as Home;
  const environment = (text: string) => readEnvironment({}, { DAYBOOK_FAIRNESS: text });

  test('are given to the embedded server, and to others only if DAYBOOK_FAIRNESS is on', () => {
    const given = (text: string) => [
      embeddedTemporalSettings(home, environment(text)).fairness,
      temporalSettings(environment(text)).fairness ?? false,
    ];
    expect(given('')).toEqual([true, false]);
    expect(given('on')).toEqual([true, true]);
    expect(given('off')).toEqual([false, false]);
    expect(() => environment('perhaps')).toThrow('DAYBOOK_FAIRNESS: found "perhaps", expected on or off');
  });
});
