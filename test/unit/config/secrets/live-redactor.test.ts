import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openConfigFile } from '../../../../src/config/file/config-file.ts';
import { readEnvironment } from '../../../../src/config/environment/environment.ts';
import { environmentSecrets } from '../../../../src/config/secrets/environment-secrets.ts';
import { createLiveRedactor } from '../../../../src/config/secrets/live-redactor.ts';
import { lookUpIn } from '../../../../src/config/secrets/references.ts';
import { temporalSettings } from '../../../../src/config/environment/temporal-settings.ts';
import { useTemporaryFolder } from '../../store/temporary-folder.ts';
import { daybookYaml, http } from '../daybook-yaml.ts';

const folder = useTemporaryFolder();

describe('a live redactor', () => {
  test('knows the present and the former secrets of the configuration', () => {
    const file = join(folder.path, 'daybook.yaml');
    const write = (...lines: string[]) => writeFileSync(file, daybookYaml([http(...lines)]));
    write('headers: { X-Api-Key: first-key }');
    const lookUp = lookUpIn({ TOKEN: 'second-key' });
    const config = openConfigFile(file, lookUp);
    const redact = createLiveRedactor(config, lookUp, ['given-key']);
    const text = 'given-key first-key second-key third-key';
    expect(redact(text)).toBe('[redacted] [redacted] second-key third-key');
    write('headers: { Authorization: "Bearer ${env:TOKEN}" }', 'timeout: 10s');
    config.current();
    expect(redact(text)).toBe('[redacted] [redacted] [redacted] third-key');
    write('headers: { Authorization: "Bearer ${env:TOKEN}" }', 'timeout: soon');
    config.current();
    expect(redact(text)).toBe('[redacted] [redacted] [redacted] third-key');
  });
});

describe('the secrets of the environment', () => {
  test('are passwords, keys, proxies and the parts of a webhook that could open it', () => {
    const variables = {
      PG_HOST: 'db',
      PG_PASSWORD: 'pg-password',
      PG_OWNER_PASSWORD: 'owner-password',
      TEMPORAL_API_KEY: 'api-key',
      HTTPS_PROXY: 'http://me:proxy%20password@proxy:3128',
      DAYBOOK_ALERT_WEBHOOK: 'https://hooks.example.com/services/T0123456/abcdefghijklmnop?token=hook-token',
    };
    const environment = readEnvironment({ config: join(folder.path, 'daybook.yaml') }, variables);
    expect(environmentSecrets(environment, temporalSettings(environment))).toEqual(
      expect.arrayContaining([
        'pg-password',
        'owner-password',
        'api-key',
        'proxy password',
        variables.DAYBOOK_ALERT_WEBHOOK,
        'services/T0123456/abcdefghijklmnop',
        'abcdefghijklmnop',
        'hook-token',
      ]),
    );
  });
});
