import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { answerLine, previewCommand } from '../../../../../src/cli/commands/source/preview.ts';
import { withoutUrlSecrets } from '../../../../../src/domain/secrets/url-secrets.ts';
import { startOrigin } from '../../../../support/servers/origin.ts';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';

const asked = { method: 'GET', url: 'https://user:pass@example.com/items?page=2&api_key=sesame' } as const;
const answered = {
  status: 200,
  body: Buffer.from('[1]'),
  url: 'https://user:pass@example.com/items?page=2&api_key=sesame',
};

test.each([
  ['an answer', answered, /^GET https:\/\/\S*@example\.com\/items\?page=2&api_key=\S+ 200, 3 bytes in 12 ms$/],
  [
    'a redirect',
    { ...answered, url: 'https://example.org/?token=sesame' },
    /200, 3 bytes in 12 ms, at https:\/\/example\.org\/\?token=\S+$/,
  ],
  ['no answer', null, / no answer, after 12 ms$/],
])('a request of preview --verbose: %s is on one line, without secrets', (_what, answer, expected) => {
  const line = withoutUrlSecrets(answerLine(asked, answer, 12));
  expect(line).toMatch(expected);
  expect(line).not.toMatch(/sesame|pass@/);
});

test('counts each page once: the first that has no items is named, and so is its number', async () => {
  const folder = temporaryFolder();
  const origin = await startOrigin((_url, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<p>nothing here');
  });
  const said: string[] = [];
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  try {
    const config = join(folder, 'daybook.yaml');
    const source = `{ name: shop, type: html, url: "${origin.url}", items: { selector: .item }, fields: { id: { selector: a } }, id: id, occurred_at: { on_missing: fetched_at }, allow_private: true, robots: ignore }`;
    writeFileSync(config, `version: 1\nsources: [${source}]\n`);
    await previewCommand('shop', { config, verbose: true, json: true });
  } finally {
    write.mockRestore();
    await origin.close();
    rmSync(folder, { recursive: true });
  }
  expect(said.join('')).toMatch(/^page 1: 0 records/m);
  expect(said.join('')).toContain('items.selector ".item" matches nothing on the first page');
});

/** What `preview --json` prints of a source whose records are shaped. */
async function shapedPreview(shaping: string): Promise<{ out: string; said: string }> {
  const folder = temporaryFolder();
  const at = '2026-11-01T00:00:00Z';
  const origin = await startOrigin((_url, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(`[{"id":1,"at":"${at}","email":"ann@example.com","n":1.10},{"id":2,"at":"${at}","n":2}]`);
  });
  const [out, said]: [string[], string[]] = [[], []];
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0);
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  try {
    const config = join(folder, 'daybook.yaml');
    const source = `{ name: shop, type: http_json, url: "${origin.url}", id: id, occurred_at: at, allow_private: true, ${shaping} }`;
    writeFileSync(config, `version: 1\nsources: [${source}]\n`);
    await previewCommand('shop', { config, verbose: true, json: true });
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
    await origin.close();
    rmSync(folder, { recursive: true });
  }
  return { out: out.join(''), said: said.join('') };
}

test('shows records before and after they are shaped, and which are filtered', async () => {
  const { out } = await shapedPreview('filter: "n < `2`", drop: [email]');
  const [first = '', second = ''] = out.trim().split('\n');
  expect(first).toContain('"payload":{"id":1,"at":"2026-11-01T00:00:00Z","n":1.10}');
  expect(first).toMatch(/"before":\{"id":1,.*"email":"ann@example.com","n":1\.10\}/);
  expect(second).toMatch(/^\{"verdict":"filtered","before":\{"id":2,/);
});

test('does not show the records of a source with a mask as they were before', async () => {
  const { out, said } = await shapedPreview('mask: { email: redact }');
  expect(out).toContain('"email":"[redacted]"');
  expect(out + said).not.toContain('ann@example.com');
  expect(out).not.toContain('before');
  expect(said).toContain('records are not shown as they were before shaping: the source has a mask');
});
