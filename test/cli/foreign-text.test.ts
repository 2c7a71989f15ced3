import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createDirectoryStore } from '../../src/store/blobs/directory-store.ts';
import { writeDeadLetters } from '../../src/store/dead-letters/dead-letters.ts';
import { CliSandbox } from '../support/cli-sandbox.ts';
import { startOrigin, type Origin } from '../support/servers/origin.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** What a source may send to move a cursor, hide text, or forge a line. */
const hostile = 'x\u001b[2J\u009b31m\u202eevil\r\ndaybook: forged\u0007';
const obeyed = /(?![\t\n])\p{Cc}|[\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

let folder: string;
let sandbox: CliSandbox;
let origin: Origin;
beforeAll(async () => {
  folder = temporaryFolder();
  origin = await startOrigin((url, response) => {
    response.setHeader('content-type', 'application/json');
    const at = '2026-11-01T00:00:00Z';
    if (url.pathname === '/nested')
      return void response.end(
        JSON.stringify({
          [hostile]: [
            { id: 1, at },
            { id: 2, at },
          ],
        }),
      );
    response.end(
      JSON.stringify([
        { id: hostile, at: '2026-11-01T00:00:00Z', [hostile]: hostile },
        { id: 2, at: hostile },
      ]),
    );
  });
  const { url } = origin;
  writeFileSync(
    join(folder, 'daybook.yaml'),
    `version: 1
defaults: { type: http_json, id: id, occurred_at: at, allow_private: true }
sources: [{ name: news, url: "${url}/" }]
`,
  );
  writeFileSync(
    join(folder, 'broken.yaml'),
    `version: 1\nsources: [{ name: ${JSON.stringify(hostile)}, type: http_json, url: "${url}/", id: id, occurred_at: at, ${JSON.stringify(hostile)}: 1 }]\n`,
  );
  const letter = { reason: 'invalid_time', at: '2026-11-23T10:00:00.000Z', page: 1, index: 0 } as const;
  const run = { source: 'news', workflowId: 'scrape-news-1', firstRunId: 'run-1' };
  await writeDeadLetters(createDirectoryStore(join(folder, 'data')), run, 0, '', [
    { ...letter, message: `found ${hostile}`, recordText: JSON.stringify({ id: hostile }) },
  ]);
  sandbox = new CliSandbox(folder);
});
afterAll(async () => {
  await origin.close();
  rmSync(folder, { recursive: true, force: true });
});

const commands: [command: string, args: string[]][] = [
  ['preview', ['preview', 'news']],
  ['preview of another format', ['preview', 'news', '--json']],
  ['dead-letters list', ['dead-letters', 'list']],
  ['dead-letters list of another format', ['dead-letters', 'list', '--json']],
  ['dead-letters discard', ['dead-letters', 'discard', hostile]],
  ['check', ['check', '--config', 'broken.yaml']],
  ['check of another format', ['check', '--config', 'broken.yaml', '--json']],
  ['a source that is not there', ['preview', hostile]],
  ['init', ['init', 'URL/nested']],
];

describe('text of a source', () => {
  test.each(commands)('moves no cursor and forges no line in the output of %s', async (_, args) => {
    const { stdout, stderr } = await sandbox.run(args.map((arg) => arg.replace('URL', origin.url)));
    for (const output of [stdout, stderr]) {
      expect(output).not.toMatch(obeyed);
      expect(output).not.toMatch(/^daybook: forged/m);
    }
    expect(stdout + stderr).toContain('\\u202eevil');
  });

  test('is exactly the same in JSON and in a configuration', async () => {
    const { stdout } = await sandbox.run(['preview', 'news', '--json']);
    const [first] = stdout.trim().split('\n');
    expect(JSON.parse(first ?? '')).toMatchObject({ source_id: hostile, payload: { id: hostile, [hostile]: hostile } });
    const letters = await sandbox.run(['dead-letters', 'list', '--json']);
    expect(JSON.parse(letters.stdout)).toMatchObject({ message: `found ${hostile}`, record: { id: hostile } });
    const proposed = await sandbox.run(['init', `${origin.url}/nested`, '--name', 'news']);
    const records = expect.stringContaining('evil') as string;
    expect(parse(proposed.stdout)).toMatchObject({
      sources: [{ name: 'news', records, url: expect.stringContaining(origin.url) as string }],
    });
  });
});
