import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runInProcess } from '../../../../support/in-process-cli.ts';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';

let folder: string;
beforeAll(() => {
  folder = temporaryFolder();
  const source = (name: string, schedule: string) =>
    `  - { name: ${name}, type: rss, url: "https://example.com/${name}", schedule: ${schedule} }\n`;
  const sources = [
    source('hourly', '{ every: 1h }'),
    source('daily', '{ cron: "30 4 * * *" }'),
    source('probed', '{ every: 1m, probe: true }'),
    '  - { name: by-hand, type: rss, url: "https://example.com/by-hand" }\n',
  ];
  writeFileSync(join(folder, 'daybook.yaml'), `version: 1\nsources:\n${sources.join('')}`);
});
afterAll(() => rmSync(folder, { recursive: true }));

const cost = (...args: readonly string[]) => runInProcess(['cost', ...args], folder, { DAYBOOK_EMBEDDED: 'off' });

describe('daybook cost', () => {
  test('counts the polls of the configuration in 30 days', async () => {
    const { code, stdout } = await cost('--json');
    expect(code).toBe(0);
    const polls = 30 * 24 + 30 + 30 * 24 * 60;
    expect(JSON.parse(stdout)).toMatchObject({
      sources: 4,
      polls,
      probed: 1,
      cases: [
        { case: 'nothing new', requests: { get: polls * 2, put: 0 }, actions: polls * 4 },
        { case: 'one batch', requests: { get: polls * 5, put: polls * 5 }, actions: polls * 5 },
      ],
    });
  });

  test('reckons with other numbers, without a configuration', async () => {
    const place = temporaryFolder();
    const { code, stdout } = await runInProcess(['cost', '--sources', '500', '--every', '1m'], place, {});
    expect(code).toBe(0);
    expect(stdout).toContain('500 sources, 21,600,000 polls in 30 days');
    expect(stdout).toMatch(/^nothing new +43,200,000 +0 +86,400,000 +17\.28 +3017\.00$/m);
    expect(stdout).toMatch(/^one batch +108,000,000 +108,000,000 +108,000,000 +583\.20 +3625\.00$/m);
    rmSync(place, { recursive: true });
  });

  test.each([
    [['--sources', '0'], '--sources: found "0", expected a number from 1 to 1000000'],
    [['--sources', 'many'], '--sources: found "many", expected a number from 1 to 1000000'],
    [['--every', 'often'], '--every: found "often", expected a duration from 1s on, such as 1m or 6h'],
    [['--every', '0s'], '--every: found "0s", expected a duration from 1s on, such as 1m or 6h'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await cost(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
