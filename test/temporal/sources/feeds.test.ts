import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listDeadLetters } from '../../../src/store/dead-letters/dead-letters.ts';
import { createDirectoryStore } from '../../../src/store/blobs/directory-store.ts';
import { startOrigin, type Origin } from '../../support/servers/origin.ts';
import { TestWorker } from '../../support/test-worker.ts';

let origin: Origin;
let testWorker: TestWorker;

beforeAll(async () => {
  origin = await startOrigin();
  const source = (name: string) => `  - { name: ${name}, type: rss, url: "${origin.url}/${name}" }`;
  testWorker = await TestWorker.create(
    `version: 1
defaults: { allow_private: true, retry: { max_attempts: 1 } }
sources:
${['plain', 'etag', 'fresh', 'broken', 'latin', 'page', 'shared'].map(source).join('\n')}
`,
  );
});
afterAll(async () => {
  await testWorker.close();
  await origin.close();
});

const item = (n: number, rest = '') =>
  `<item><guid isPermaLink="false">g${n}</guid><title>Title ${n}</title><link>/items/${n}</link>
   <pubDate>Sun, 01 Nov 2026 0${n}:00:00 EST</pubDate>${rest}</item>`;
const rss = (items: string, rest = '') => `<rss version="2.0"><channel><title>t</title>${rest}${items}</channel></rss>`;

async function rows(source: string) {
  const found = await testWorker.database.rows(
    `select source_id, to_char(occurred_at, 'YYYY-MM-DD HH24:MI') as at, payload::text from raw_events where source = $1 order by 1`,
    [source],
  );
  return found.map((row) => ({ ...row, payload: JSON.parse(String(row['payload'])) as unknown }));
}

describe('a feed', () => {
  test('is stored with ids, times, absolute links and all that its items hold', async () => {
    const media = '<media:thumbnail url="t.jpg" xmlns:media="http://search.yahoo.com/mrss/"/>';
    const enclosure = '<enclosure url="/a.mp3" type="audio/mpeg" length="5"/>';
    origin.answer((_url, response) => void response.end(rss(item(1, media + enclosure) + item(2))));
    expect(await testWorker.run('plain')).toMatchObject({ outcome: 'ok', fetched: 2, postgres: { written: 2 } });
    expect(await rows('plain')).toMatchObject([
      {
        source_id: 'g1',
        at: '2026-11-01 06:00',
        payload: {
          id: 'g1',
          title: 'Title 1',
          link: `${origin.url}/items/1`,
          enclosures: [
            {
              url: `${origin.url}/a.mp3`,
              type: 'audio/mpeg',
              length: '5',
            },
          ],
        },
      },
      { source_id: 'g2', at: '2026-11-01 07:00' },
    ]);
    expect((await rows('plain'))[0]?.payload).toMatchObject({ 'media:thumbnail': { url: `${origin.url}/t.jpg` } });
  });

  test('that has not changed is answered by 304', async () => {
    origin.answer((_url, response, request) => {
      const known = request.headers['if-none-match'] === '"1"';
      response.writeHead(known ? 304 : 200, { etag: '"1"' }).end(known ? '' : rss(item(1)));
    });
    expect(await testWorker.run('etag')).toMatchObject({ outcome: 'ok', fetched: 1 });
    expect(await testWorker.run('etag')).toMatchObject({ outcome: 'unchanged', fetched: 0 });
  });

  test('that says how long it does not change is not polled by its schedule meanwhile, but by a command', async () => {
    origin.answer((_url, response) => void response.end(rss(item(1), '<ttl>30</ttl>')));
    await testWorker.run('fresh');
    const before = origin.requests.length;
    expect(await testWorker.run('fresh')).toMatchObject({ outcome: 'unchanged', fetched: 0, pages: 0 });
    expect(origin.requests.length).toBe(before);
    const forced = await testWorker.start({ source: 'fresh', force: true });
    expect(await forced.result()).toMatchObject({ outcome: 'unchanged', fetched: 1 });
  });

  test('that is cut off yields its items, says so, and is fetched completely again', async () => {
    const whole = rss(item(1) + item(2) + item(3));
    origin.answer((_url, response) => {
      response.setHeader('etag', '"2"');
      response.end(whole.slice(0, whole.indexOf('Title 3')));
    });
    expect(await testWorker.run('broken')).toMatchObject({ outcome: 'partial', fetched: 3, accepted: 2, rejected: 1 });
    const store = createDirectoryStore(testWorker.path('data'));
    expect((await listDeadLetters(store, { source: 'broken' }))[0]).toMatchObject({ reason: 'wrong_shape' });
    origin.answer((_url, response, request) => {
      response.end(request.headers['if-none-match'] === undefined ? whole : '');
    });
    expect(await testWorker.run('broken')).toMatchObject({ outcome: 'ok', fetched: 3, accepted: 1, unchanged: 2 });
  });

  test('is read in its own charset', async () => {
    const text = `<?xml version="1.0" encoding="iso-8859-1"?>${rss(item(1).replace('Title 1', 'Café'))}`;
    origin.answer((_url, response) => void response.end(Buffer.from(text, 'latin1')));
    await testWorker.run('latin');
    expect(await rows('latin')).toMatchObject([{ payload: { title: 'Café' } }]);
  });

  test('remembers from poll to poll which item its guids and links belong to', async () => {
    const shown = (path: string) =>
      `<item><guid isPermaLink="false">G</guid><title>${path}</title><link>https://x.test/${path}</link></item>`;
    const serve = (...paths: string[]) =>
      origin.answer((_url, response) => void response.end(rss(paths.map(shown).join(''))));
    serve('a', 'b');
    await testWorker.run('shared');
    serve('b');
    await testWorker.run('shared');
    serve('c');
    expect(await testWorker.run('shared')).toMatchObject({ outcome: 'ok' });
    const ids = (await rows('shared')).map((row) => (row as { source_id?: unknown }).source_id);
    expect(ids).toEqual(['https://x.test/a', 'https://x.test/b', 'https://x.test/c']);
  });

  test('that is a web page fails the run, which says what was received', async () => {
    origin.answer((_url, response) => void response.end('<!doctype html><title>Sign in</title>'));
    const { type, message } = await testWorker.runToFailure('page');
    expect(type).toBe('WrongShape');
    expect(message).toMatch(/expected RSS/);
  });
});
