import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { checkCommand } from '../../../src/cli/commands/source/check.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { mistakesOf, type Mistake } from './mistakes.ts';

const secret = 's3cr3t-value';
const time = /\d{4}-\d\d-\d\dT[\d:+-]+Z?/g;
let folder: string;

beforeAll(() => {
  folder = temporaryFolder();
  writeFileSync(join(folder, 'sales.csv'), 'id,at\n1,2026-01-01\n');
  for (const name of ['TOKEN', 'KEY', 'PASSWORD', 'SECRET', 'API_KEY']) vi.stubEnv(name, secret);
  vi.stubEnv('WITH_BEARER', `Bearer ${secret}`);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** What `check` says, a line each, without the name of the file. */
async function check(text: string | Buffer, options: { verbose?: boolean } = {}): Promise<string[]> {
  const file = join(folder, 'daybook.yaml');
  writeFileSync(file, text);
  const lines: string[] = [];
  const collect = (part: unknown) => lines.push(...String(part).trimEnd().split('\n')) > 0;
  const spies = [process.stderr, process.stdout].map((stream) => vi.spyOn(stream, 'write').mockImplementation(collect));
  try {
    await checkCommand({ config: file, ...options });
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.exitCode = 0;
  }
  return lines.map((line) =>
    line.replace(`${file}:`, '').replaceAll(folder, '<folder>').replaceAll(time, '<time>').trim(),
  );
}

const files = [
  'syntax.txt',
  'keys.txt',
  'values.txt',
  'secrets.txt',
  'auth.txt',
  'paths.txt',
  'schedules.txt',
  'templates.txt',
  'new-keys.txt',
  'for-each.txt',
  'exports.txt',
];

describe.each(files)('the mistakes of %s', (name) => {
  test.each(mistakesOf(name))('$title', async ({ text, says }: Mistake) => {
    const reported = await check(text);
    expect(reported.slice(0, -1)).toEqual(says);
    expect(reported.join('\n')).not.toContain(secret);
  });
});

test('cover many typical mistakes', () => {
  const all = files.flatMap(mistakesOf);
  expect(all.length).toBeGreaterThan(300);
  expect(all.filter(({ says }) => says.length === 0).map(({ title }) => title)).toEqual(['six fields with a year']);
});

test.each([
  ['Windows line ends', 'version: 1\r\nsources:\r\n  - { name: a, type: rss, url: "https://api.test/a" }\r\n'],
  ['a byte order mark', '\ufeffversion: 1\nsources:\n  - { name: a, type: rss, url: "https://api.test/a" }\n'],
])('%s are not a mistake', async (_, text) => {
  expect(await check(text)).toEqual(['1 source, 0 with a schedule: OK']);
});

test.each([
  ['a tab', 'version: 1\nsources:\n\t- name: a\n', '3:1: not valid YAML: found a tab before the text'],
  ['a tab behind spaces', 'version: 1\nsources:\n  - name: a\n  \t type: rss\n', '4:3: not valid YAML: found a tab'],
  [
    'spaces of another kind',
    'version: 1\nsources:\n  - name: a\n\u00a0\u00a0  type: rss\n',
    '4:1: not valid YAML: found an unusual space',
  ],
  ['an empty file', '', '1:1: found nothing, expected version: 1 and a list of sources'],
  ['UTF-16', Buffer.from('\ufeffversion: 1\n', 'utf16le'), '1:1: not valid YAML: found UTF-16, expected UTF-8'],
  ['a block of a document', '```yaml\nversion: 1\n```\n', '1:1: not valid YAML: found a ``` fence'],
])('%s is named', async (_, text, says) => {
  const reported = await check(text);
  expect(reported[0]).toContain(says);
  expect(reported).toHaveLength(2);
});

test('with --verbose it shows the next three starts of every source, in the zone of its schedule', async () => {
  const yaml = `version: 1
sources:
  - { name: a, type: rss, url: 'https://api.test/a', schedule: { every: 5m } }
  - { name: b, type: rss, url: 'https://api.test/b', schedule: { cron: '0 9 * * *', timezone: Asia/Tokyo } }
  - { name: c, type: rss, url: 'https://api.test/c' }
`;
  expect(await check(yaml, { verbose: true })).toEqual([
    'a: next starts <time>, <time>, <time>',
    'b: next starts <time>, <time>, <time>',
    'c: no schedule',
    '3 sources, 2 with a schedule: OK',
  ]);
});
