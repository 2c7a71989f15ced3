import { createHash } from 'node:crypto';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CliSandbox } from '../support/cli-sandbox.ts';
import { startOrigin, type Origin } from '../support/servers/origin.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let folder: string;
let sandbox: CliSandbox;
let origin: Origin;

const at = (n: number) => new Date(Date.UTC(2026, 10, 1, n)).toISOString();
const articles = Array.from({ length: 5 }, (_, n) => ({ uid: `a-${n}`, headline: `News ${n}`, publishedAt: at(n) }));
const pages: Record<string, [type: string, body: string, link?: string]> = {
  '/api/articles': ['application/json', JSON.stringify({ status: 'ok', data: { articles } })],
  '/quakes.geojson': [
    'application/json',
    JSON.stringify({
      type: 'FeatureCollection',
      metadata: { count: 2 },
      features: [1, 2].map((n) => ({
        type: 'Feature',
        id: `q${n}`,
        properties: {
          mag: n,
          time: Date.parse(at(n)),
          title: `M ${n}`,
        },
        geometry: {
          type: 'Point',
          coordinates: [n, n, n],
        },
      })),
    }),
  ],
  '/linked': ['application/json', JSON.stringify(articles), '<?page=2>; rel="next"'],
  '/feed': [
    'text/xml',
    `<rss version="2.0"><channel><title>f</title>${[1, 2, 3].map((n) => `<item><guid>g${n}</guid><title>t</title><pubDate>${new Date(at(n)).toUTCString()}</pubDate></item>`).join('')}</channel></rss>`,
  ],
  '/books': [
    'text/html',
    `<html><head><link rel="alternate" type="application/rss+xml" href="/feed"></head><body><nav><a href="/">home</a></nav><ol>${[1, 2, 3, 4].map((n) => `<li><article class="book"><h3><a href="/book/${n}" title="Book ${n}">Book ${n}</a></h3><p class="price">£1${n}.50</p></article></li>`).join('')}</ol><ul><li class="next"><a href="/books?page=2">next</a></li></ul></body></html>`,
  ],
  '/nothing': ['text/html', '<html><body><p>Hello</p></body></html>'],
};

beforeAll(async () => {
  folder = temporaryFolder();
  sandbox = new CliSandbox(folder);
  origin = await startOrigin((url, response) => {
    const [type, body, link] = pages[url.pathname] ?? ['text/plain', ''];
    const isFirst = !url.searchParams.has('page');
    response.writeHead(body === '' ? 404 : 200, {
      'content-type': type,
      ...(link === undefined || !isFirst ? {} : { link }),
    });
    response.end(isFirst ? body : type === 'text/html' ? '<p>the end</p>' : '[]');
  });
});
afterAll(async () => {
  await origin.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What init proposes, with its proof; the proposal must be valid on its own. */
async function proposalFor(address: string) {
  const { code, stdout, stderr } = await sandbox.run(['init', address]);
  writeFileSync(join(folder, 'daybook.yaml'), stdout);
  const check = await sandbox.run(['check']);
  expect(check.stderr).toBe('');
  expect(code).toBe(0);
  expect(check.code).toBe(0);
  return { yaml: stdout, stderr };
}

describe('init proposes a source that works', () => {
  test.each([
    ['/api/articles', 5, ['type: http_json', 'records: data.articles', 'id: uid', 'publishedAt']],
    ['/quakes.geojson', 2, ['records: features', 'id: id', 'properties.time', 'epoch_ms']],
    ['/linked', 5, ['header_link', 'id: uid']],
    ['/feed', 3, ['type: rss']],
    ['/books', 4, ['type: html', 'selector: article.book', 'type: html_link', '/feed']],
  ])('for %s', async (path, records, parts) => {
    const { yaml, stderr } = await proposalFor(origin.url + path);
    for (const part of parts) expect(yaml).toContain(part);
    expect(stderr).toContain(`${records} of ${records} records would be stored`);
    expect(yaml).toContain('allow_private: true');
  });

  test.each([
    ['rows.csv', 'Id,Name,Created\n1,a,2026-11-01\n2,b,2026-11-02\n', 2],
    ['lines.ndjson', `${articles.map((article) => JSON.stringify(article)).join('\n')}\n`, 5],
  ])('for the file %s', async (name, text, records) => {
    writeFileSync(join(folder, name), text);
    const { yaml, stderr } = await proposalFor(name);
    expect(yaml).toContain(`path: ${name}`);
    expect(stderr).toContain(`${records} of ${records} records would be stored`);
  });

  test('and writes nothing', async () => {
    const digest = () => createHash('sha256').update(readdirSync(folder).join()).digest('hex');
    const before = digest();
    await sandbox.run(['init', `${origin.url}/feed`]);
    expect(digest()).toBe(before);
  });
});

describe('init says what it found instead', () => {
  test.each([
    ['a page without a list', '/nothing', 1, /has no repeated items/],
    ['a status', '/missing', 1, /answered 404, expected 200/],
  ])('of %s', async (_, path, exitCode, expected) => {
    const { code, stdout, stderr } = await sandbox.run(['init', origin.url + path]);
    expect(stdout).toBe('');
    expect(code).toEqual(exitCode);
    expect(stderr).toMatch(expected);
    expect(stderr).not.toMatch(/\bat .*\.[jt]s:\d/);
  });

  test('of a file that is not there', async () => {
    const { code, stderr } = await sandbox.run(['init', 'nowhere.csv']);
    expect(stderr).toContain('expected a URL (https://…) or a file');
    expect(code).toBe(2);
  });
});

describe('doctor', () => {
  test('names what is missing around it, and what to do', async () => {
    writeFileSync(
      join(folder, 'daybook.yaml'),
      `version: 1\nsources:\n  - { name: up, type: rss, url: "${origin.url}/feed", allow_private: true }\n  - { name: down, type: rss, url: "http://127.0.0.1:1/" }\n`,
    );
    const { code, stdout } = await sandbox.run(['doctor', '--json']);
    const findings = JSON.parse(stdout) as { what: string; ok: boolean; found: string }[];
    expect(code).toBe(1);
    expect(findings.filter(({ ok }) => ok).map(({ what }) => what)).toEqual(
      expect.arrayContaining(['configuration', 'Node.js', 'store', new URL(origin.url).host]),
    );
    const failed = Object.fromEntries(findings.filter(({ ok }) => !ok).map(({ what, found }) => [what, found]));
    expect(failed['127.0.0.1:1']).toMatch(/ECONNREFUSED.*check the url/);
    expect(failed['PostgreSQL']).toMatch(/daybook up/);
    expect(failed['Temporal']).toMatch(/daybook up/);
  });
});
