import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listDeadLetters } from '../../../src/store/dead-letters/dead-letters.ts';
import { createDirectoryStore } from '../../../src/store/blobs/directory-store.ts';
import { startOrigin, type Origin } from '../../support/servers/origin.ts';
import { TestWorker } from '../../support/test-worker.ts';

let origin: Origin;
let testWorker: TestWorker;

beforeAll(async () => {
  origin = await startOrigin();
  const { url } = origin;
  const fields = 'fields: { link: { selector: a, attr: href, type: url, required: true }, title: { selector: a } }';
  testWorker = await TestWorker.create(`version: 1
defaults:
  type: html
  allow_private: true
  retry: { max_attempts: 1 }
  id: link
  occurred_at: { path: date, on_missing: fetched_at }
  items: { selector: li.item }
sources:
  - name: fields
    url: ${url}/fields/
    fields:
      link: { selector: a, attr: href, type: url, required: true }
      title: { selector: a }
      price: { selector: .price, type: number }
      date: { selector: time, attr: datetime, type: date }
      markup: { selector: .about, html: true }
      tags: { selector: .tag, list: true, transforms: [{ trim: true, replace: { pattern: '^#', with: '' } }] }
      stock: { selector: .stock, type: number, transforms: [{ regex: '(\\d+) left' }] }
      seller: { selector: .seller, fields: { name: { selector: b }, rating: { selector: i, attr: data-stars, type: number } } }
  - name: pages
    url: ${url}/pages/1
    ${fields}
    paginator: { type: html_link, selector: a.next }
  - name: details
    url: ${url}/details
    ${fields}
    detail: { url: link, max_pages: 2, fields: { body: { selector: article p, list: true }, author: { selector: '.author' } } }
  - name: flaky
    url: ${url}/flaky
    ${fields}
    detail: { url: link, fields: { author: { selector: .author } } }
  - name: keyed
    url: ${url}/keyed
    auth: { type: api_key, name: key, location: query, api_key: canary-key-1 }
    fields: { link: { selector: a, attr: href, type: url } }
  - name: ld
    url: ${url}/ld
    id: sku
    items: { selector: 'script[type="application/ld+json"]', json: '"@graph"[?"@type" == ''Product'']' }
    fields: { sku: {}, name: {}, price: { json: offers.price, type: number } }
  - name: state
    url: ${url}/state
    id: id
    items: { selector: 'script#state', json: list }
    fields: {}
  - name: robots
    url: ${url}/private/list
    ${fields}
  - name: deep
    url: ${url}/deep
    ${fields}
  - name: charset
    url: ${url}/charset
    ${fields}
  - name: login
    url: ${url}/login
    ${fields}
    on_response: [{ status: 200, body_contains: sign-in-form, action: fail }]
`);
});
afterAll(async () => {
  await testWorker.close();
  await origin.close();
});

const pageOf = (body: string) => `<!doctype html><html><head><title>t</title></head><body>${body}</body></html>`;
const item = (n: number | string, rest = '') => `<li class="item"><a href="/items/${n}">Item ${n}</a>${rest}</li>`;

/** Answers with pages by their path. */
function serve(pages: Record<string, string>): void {
  origin.answer((url, response) => {
    const page = url.pathname === '/robots.txt' ? 'User-agent: *\nDisallow: /private/' : pages[url.pathname];
    response.writeHead(page === undefined ? 404 : 200, { 'content-type': 'text/html' }).end(page ?? 'not found');
  });
}

async function payloads(source: string): Promise<Record<string, unknown>[]> {
  const found = await testWorker.database.rows(
    `select payload::text from raw_events where source = $1 order by source_id`,
    [source],
  );
  return found.map((row) => JSON.parse(String(row['payload'])) as Record<string, unknown>);
}

const lettersOf = (source: string) => listDeadLetters(createDirectoryStore(testWorker.path('data')), { source });

describe('a web page', () => {
  test('has fields as text, attribute, markup, number, date, list, and nested objects', async () => {
    const rest = `<span class="price">$1,234.50</span><time datetime="2026-11-01T08:00:00+01:00">today</time>
      <p class="about">Some <em>words</em></p><i class="tag"> #red </i><i class="tag">#blue</i>
      <span class="stock">only 7 left</span><div class="seller"><b>Ann</b><i data-stars="4.5"></i></div>`;
    serve({ '/fields/': pageOf(`<ul>${item(1, rest)}${item(2)}<li class="item">no link</li></ul>`) });
    expect(await testWorker.run('fields')).toMatchObject({ outcome: 'partial', fetched: 3, accepted: 2, rejected: 1 });
    expect(await payloads('fields')).toEqual([
      {
        link: `${origin.url}/items/1`,
        title: 'Item 1',
        price: 1234.5,
        markup: 'Some <em>words</em>',
        date: '2026-11-01T07:00:00Z',
        tags: ['red', 'blue'],
        stock: 7,
        seller: {
          name: 'Ann',
          rating: 4.5,
        },
      },
      { link: `${origin.url}/items/2`, title: 'Item 2', tags: [] },
    ]);
    const [letter] = await lettersOf('fields');
    expect(letter).toMatchObject({
      reason: 'wrong_shape',
      message: expect.stringContaining('link (a @href)') as string,
    });
    const [first] = await testWorker.database.rows(
      `select to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') as at from raw_events where source = 'fields' order by source_id`,
    );
    expect(first).toEqual({ at: '2026-11-01 07:00' });
  });

  test('is followed by a link to the next, until there is none', async () => {
    serve({
      '/pages/1': pageOf(`${item(1)}${item(2)}<a class="next" href="2">next</a>`),
      '/pages/2': pageOf(`${item(3)}<a class="next" href="/pages/3?x=1">next</a>`),
      '/pages/3': pageOf(`${item(4)}<a class="next">next</a>`),
    });
    expect(await testWorker.run('pages')).toMatchObject({ outcome: 'ok', fetched: 4, accepted: 4, pages: 3 });
  });

  test('that leads back to an earlier one ends the run', async () => {
    serve({
      '/pages/1': pageOf(`${item(1)}<a class="next" href="2">next</a>`),
      '/pages/2': pageOf(`${item(3)}<a class="next" href="1">next</a>`),
    });
    expect(await testWorker.run('pages')).toMatchObject({ fetched: 2, unchanged: 2, pages: 2 });
  });

  test('has detail pages, which are counted, cached, and fail only their own item', async () => {
    const asked = origin.requests.length;
    serve({
      '/details': pageOf(item(1) + item(2) + item(3)),
      '/items/1': pageOf('<article><p>One</p><p>Two</p></article><i class="author">Ann</i>'),
    });
    expect(await testWorker.run('details')).toMatchObject({ fetched: 3, accepted: 1, rejected: 2 });
    expect(await payloads('details')).toEqual([
      { link: `${origin.url}/items/1`, title: 'Item 1', body: ['One', 'Two'], author: 'Ann' },
    ]);
    const letters = await lettersOf('details');
    expect(letters.map(({ reason, message }) => `${reason}: ${message}`).sort()).toEqual([
      expect.stringMatching(/^out_of_range: .*detail\.max_pages/) as string,
      expect.stringMatching(/^wrong_shape: .*\/items\/2 answered 404/) as string,
    ]);
    expect(origin.requests.slice(asked).filter((path) => path.startsWith('/items/'))).toEqual(['/items/1', '/items/2']);
  });

  test('whose item has a missing page loses that item only, and the next run fetches it again', async () => {
    const pages: Record<string, string> = {
      '/flaky': pageOf(item(7) + item(8)),
      '/items/8': pageOf('<i class="author">Bo</i>'),
    };
    origin.answer((asked, response) => {
      const page = asked.pathname === '/robots.txt' ? '' : pages[asked.pathname];
      response.writeHead(page === undefined ? 500 : 200).end(page ?? 'broken');
    });
    expect(await testWorker.run('flaky')).toMatchObject({ outcome: 'partial', accepted: 1, rejected: 1 });
    expect((await lettersOf('flaky'))[0]?.message).toMatch(
      /detail page .*\/items\/7: .*answered 500.*the next run fetches it again/,
    );
    pages['/items/7'] = pageOf('<i class="author">Cy</i>');
    expect(await testWorker.run('flaky')).toMatchObject({ outcome: 'ok', accepted: 1, unchanged: 1 });
    expect(await payloads('flaky')).toMatchObject([{ author: 'Cy' }, { author: 'Bo' }]);
  });

  test('that was requested with a key in its address has links without it', async () => {
    serve({ '/keyed': pageOf('<li class="item"><a href="#one">one</a></li>') });
    await testWorker.run('keyed');
    expect(origin.requests.at(-1)).toBe('/keyed?key=canary-key-1');
    expect(await payloads('keyed')).toEqual([{ link: `${origin.url}/keyed#one` }]);
  });

  test('has the JSON of its scripts', async () => {
    const graph = {
      '@graph': [{ '@type': 'Product', sku: 'a1', name: 'A', offers: { price: '9.90' } }, { '@type': 'Org' }],
    };
    serve({
      '/ld': pageOf(`<script type="application/ld+json">${JSON.stringify(graph)}</script>`),
      '/state': pageOf(`<script id="state">window.state = {"list": [{"id": 12345678901234567890}]};</script>`),
    });
    await testWorker.run('ld');
    await testWorker.run('state');
    expect(await payloads('ld')).toEqual([{ sku: 'a1', name: 'A', price: 9.9 }]);
    expect(await testWorker.database.rows(`select source_id from raw_events where source = 'state'`)).toEqual([
      { source_id: '12345678901234567890' },
    ]);
  });

  test('that robots.txt disallows is not requested', async () => {
    serve({ '/private/list': pageOf(item(1)) });
    const { type, message } = await testWorker.runToFailure('robots');
    expect(type).toBe('RobotsDisallowed');
    expect(message).toContain('robots: ignore');
    expect(origin.requests).not.toContain('/private/list');
  });

  test('that nests 20,000 elements is read; 200,000 tables fail the run at once, and it says why', async () => {
    serve({ '/deep': pageOf(`${'<div>'.repeat(20_000)}${item(7)}`) });
    expect(await testWorker.run('deep')).toMatchObject({ fetched: 1 });
    serve({ '/deep': pageOf('<table><tr><td>'.repeat(200_000)) });
    const { type, message } = await testWorker.runToFailure('deep');
    expect(type).toBe('WrongShape');
    expect(message).toContain('more than 5000 tables');
  });

  test('is read in the charset that its meta element names', async () => {
    const page = pageOf(item(1).replace('Item', 'Žluť')).replace('<title>', '<meta charset="windows-1250"><title>');
    const bytes = Buffer.from(page.replace('Žluť', '\u008elu\u009d'), 'latin1');
    origin.answer(
      (url, response) => void (url.pathname === '/charset' ? response.end(bytes) : response.writeHead(404).end()),
    );
    await testWorker.run('charset');
    expect(await payloads('charset')).toMatchObject([{ title: 'Žluť 1' }]);
  });

  test('that is a login fails the run by its on_response', async () => {
    serve({ '/login': pageOf('<form class="sign-in-form"></form>') });
    expect((await testWorker.runToFailure('login')).message).toMatch(/on_response/);
  });
});
