import { describe, expect, test } from 'vitest';
import { windowProblem } from '../../../../src/domain/plan/window-support.ts';
import type { FetchPosition, HttpPosition } from '../../../../src/domain/state/fetch-position.ts';
import { pageAddress } from '../../../../src/sources/pagination/page-request.ts';
import { planOfLines, pollSource, type Asked } from '../polled-source.ts';

const at = '2026-11-01T00:00:00Z';
const record = (id: number | string) => ({ id, at });

/** Three pages of two records, whose tokens are given by the function. */
function tokens(token: (page: number) => unknown, read: (asked: Asked) => unknown) {
  return (asked: Asked) => {
    const given = read(asked);
    const page = [undefined, token(1), token(2)].findIndex((one) => JSON.stringify(one) === JSON.stringify(given));
    return {
      body: { rows: [record(2 * page + 1), record(2 * page + 2)], ...(page < 2 ? { next: token(page + 1) } : {}) },
    };
  };
}

const all = ['1', '2', '3', '4', '5', '6'];
const cursor = ['records: rows', 'paginator: { type: cursor, cursor_path: next }'];

describe.each([{ recordsAtOnce: 1_000 }, { recordsAtOnce: 1 }])('a poll with %j', (options) => {
  test('sends a token in the body, with its type', async () => {
    const lines = ['url: ORIGIN/search', 'method: POST', 'body: { after: "${cursor}", size: 2 }', ...cursor];
    for (const token of [(n: number) => `t${n}`, (n: number) => n * 10, (n: number) => ({ id: n, at: [n] })]) {
      const { ids, asked, end } = await pollSource(
        lines,
        tokens(token, ({ json }) => (json as { after?: unknown }).after),
        options,
      );
      expect(ids).toEqual(all);
      expect(end).toMatchObject({ cutShort: false });
      expect(asked.map(({ json }) => json)).toEqual([
        { size: 2 },
        { after: token(1), size: 2 },
        { after: token(2), size: 2 },
      ]);
      expect(asked.every(({ path, method }) => path === '/search' && method === 'POST')).toBe(true);
    }
  });

  test('sends a token in the path, the query, a parameter or a header', async () => {
    const token = (n: number) => `a/${n}?&=é`;
    const path = await pollSource(
      ['url: "ORIGIN/pages/${cursor?}"', ...cursor],
      tokens(token, ({ path: sent }) => (sent === '/pages' ? undefined : decodeURIComponent(sent.split('/')[2] ?? ''))),
      options,
    );
    expect(path.ids).toEqual(all);
    expect(path.asked.map(({ path: sent }) => sent.split('/').length)).toEqual([2, 3, 3]);
    const query = await pollSource(
      ['url: "ORIGIN/x?after=${cursor?}&n=1"', ...cursor],
      tokens(token, (asked) => asked.query.get('after') ?? undefined),
      options,
    );
    expect(query.ids).toEqual(all);
    expect(query.asked[0]?.path).toBe('/x?n=1');
    const param = await pollSource(
      ['url: ORIGIN/x', 'params: { where: "after:${cursor?}", n: "1" }', ...cursor],
      tokens(token, (asked) => asked.query.get('where')?.slice(6)),
      options,
    );
    expect(param.ids).toEqual(all);
    const header = await pollSource(
      ['url: ORIGIN/x', 'headers: { X-After: "${cursor}" }', ...cursor],
      tokens(
        (n) => `token-${n}`,
        ({ headers }) => headers['x-after'],
      ),
      options,
    );
    expect(header.ids).toEqual(all);
    expect(header.asked[0]?.headers['x-after']).toBeUndefined();
  });

  test('counts pages and records in the body, and adds nothing to the query', async () => {
    const page = await pollSource(
      ['url: ORIGIN/x', 'method: POST', 'body: { page: "${page}", text: "p${page}" }', 'paginator: page_number'],
      ({ json }) => ((json as { page: number }).page <= 3 ? [record((json as { page: number }).page)] : []),
      options,
    );
    expect(page.ids).toEqual(['1', '2', '3']);
    expect(page.asked.map(({ path, json }) => [path, json])).toEqual(
      [1, 2, 3, 4].map((n) => ['/x', { page: n, text: `p${n}` }]),
    );
    const rows = [1, 2, 3, 4, 5].map(record);
    const offset = await pollSource(
      [
        'url: ORIGIN/x',
        'method: POST',
        'body: { from: "${offset}", size: "${limit}" }',
        'paginator: { type: offset, limit: 2 }',
      ],
      ({ json }) => {
        const { from, size } = json as { from: number; size: number };
        return rows.slice(from, from + size);
      },
      options,
    );
    expect(offset.ids).toEqual(['1', '2', '3', '4', '5']);
    expect(new Set(offset.asked.map(({ path }) => path))).toEqual(new Set(['/x']));
  });

  test('keeps the digits of a field of the last record', async () => {
    const rows = ['9007199254740993', '9007199254740995', '9007199254740997'];
    const { ids, asked } = await pollSource(
      ['url: ORIGIN/x', 'method: POST', 'body: { after: "${last:id}" }', 'paginator: keyset'],
      ({ body }) => {
        const next = rows.findIndex((id) => body === `{"after":${id}}`) + 1;
        return { body: `[${next < rows.length ? `{"id":${rows[next]},"at":"${at}"}` : ''}]` };
      },
      options,
    );
    expect(ids).toEqual(rows);
    expect(asked.map(({ body }) => body)).toEqual(['{}', ...rows.map((id) => `{"after":${id}}`)]);
  });

  test('keeps the time of its beginning for all of its pages', async () => {
    const now = new Date('2026-11-30T23:59:59.900Z');
    const { asked } = await pollSource(
      ['url: ORIGIN/x', 'params: { day: "${now-1d:yyyy-MM-dd}", p: "${page}" }', 'paginator: page_number'],
      ({ query }) => (Number(query.get('p')) <= 2 ? [record(String(query.get('p')))] : []),
      { ...options, now },
    );
    expect(asked.map(({ query }) => query.get('day'))).toEqual(['2026-11-29', '2026-11-29', '2026-11-29']);
  });
});

describe('times of a request', () => {
  const lines = [
    'url: ORIGIN/x',
    'method: POST',
    'body: { range: { from: "${since:epoch_s}", to: "${until:epoch_ms}" }, q: "ts:[${since} TO ${until?}]" }',
    'incremental: { cursor: at, initial_value: 2026-10-01T00:00:00Z, lag: 1h }',
  ];

  test('are typed, and the upper one is left out outside of a window', async () => {
    const { asked } = await pollSource(lines, () => [record(1)]);
    expect(asked.map(({ json }) => json)).toEqual([{ range: { from: 1_790_812_800 } }]);
  });

  test('are those of a window, which such a source supports', async () => {
    const window = { from: '2026-11-01T00:00:00.000000Z', to: '2026-11-02T00:00:00.000000Z' };
    const { asked } = await pollSource(lines, () => [record(1)], { window });
    expect(asked.map(({ json }) => json)).toEqual([
      {
        range: { from: 1_793_487_600, to: 1_793_581_200_000 },
        q: 'ts:[2026-10-31T23:00:00Z TO 2026-11-02T01:00:00Z]',
      },
    ]);
    expect(windowProblem(planOfLines(lines, 'https://api.test'))).toBeNull();
    expect(windowProblem(planOfLines(['incremental: { cursor: at }'], 'https://api.test'))).toContain(
      'or name ${since} and ${until} in the request',
    );
  });
});

describe('values of a template', () => {
  test('from the environment stay text, and `$${` is one', async () => {
    const { asked } = await pollSource(
      [
        'url: "ORIGIN/${env:PATH_PART}/${page}"',
        'headers: { X-Key: "${env:KEY}", X-Text: "$${env:KEY} $${page}" }',
        'method: POST',
        'body: { key: "${env:KEY}", page: "${page}" }',
        'paginator: page_number',
      ],
      () => [],
      { variables: { KEY: '${page}$${x}$', PATH_PART: 'a$b' } },
    );
    expect(asked[0]).toMatchObject({ path: '/a$b/1', json: { key: '${page}$${x}$', page: 1 } });
    expect(asked[0]?.headers).toMatchObject({ 'x-key': '${page}$${x}$', 'x-text': '${env:KEY} ${page}' });
  });

  test('with control characters in a header fail the request', async () => {
    const rows = (next: string) => ({ body: { rows: [record(1)], next } });
    await expect(
      pollSource(['url: ORIGIN/x', 'headers: { X-After: "${cursor}" }', ...cursor], () => rows('a\r\nX-Evil: 1'), {
        recordsAtOnce: 1,
      }),
    ).rejects.toThrow('header X-After: found the character U+000D');
  });

  test('cannot change where a request goes', async () => {
    const rows = (next: string) => ({ body: { rows: [record(1)], next } });
    const lines = ['url: "ORIGIN/a/${cursor}/b"', ...cursor];
    await expect(pollSource(lines, () => rows('..'), { recordsAtOnce: 1 })).rejects.toThrow('found ".."');
    const { asked } = await pollSource(lines, ({ path }) => ({
      body: { rows: [record(path)], ...(path === '/a//b' ? { next: '/../../x?y#z@evil.test' } : {}) },
    }));
    expect(asked.map(({ path }) => path)).toEqual(['/a//b', '/a/%2F..%2F..%2Fx%3Fy%23z%40evil.test/b']);
  });

  test('of a record are bounded, because they are kept', async () => {
    const lines = ['url: ORIGIN/x', 'params: { after: "${last:text}" }', 'paginator: { type: keyset, key: id }'];
    await expect(pollSource(lines, () => [{ ...record(1), text: 'x'.repeat(9_000) }])).rejects.toThrow(
      '${last:text} has 9002 characters of JSON, expected at most 8192',
    );
  });
});

describe('an address that a record gives', () => {
  const lines = [
    'url: "${last:x}"',
    'paginator: { type: keyset, key: id }',
    'headers: { X-Api-Key: "${env:KEY}", Cookie: "a=b", X-Plain: plain }',
    'params: { token: "${env:KEY}", q: "1" }',
    'auth: { type: bearer, token: "${env:KEY}" }',
  ];
  const variables = { KEY: 's3cret' };
  const given = (position: FetchPosition, origin: string): FetchPosition => {
    const place = { ...position.place, values: { last: { x: JSON.stringify(`${origin}/a`) } } } as HttpPosition;
    return { ...position, place };
  };
  const askedWith = async (origins: string) => {
    const { asked } = await pollSource([...lines, `origins: [${origins}]`], () => [], { variables, begin: given });
    return asked[0];
  };

  test('gets no secret, unless its origin is listed', async () => {
    const other = await askedWith('https://api.test');
    expect(other?.path).toBe('/a?q=1');
    expect(other?.headers).toMatchObject({ 'x-plain': 'plain' });
    expect(JSON.stringify(other)).not.toContain('s3cret');
    expect(other?.headers).not.toHaveProperty('cookie');
    const own = await askedWith('ORIGIN');
    expect(own?.path).toBe('/a?token=s3cret&q=1');
    expect(own?.headers).toMatchObject({ 'x-api-key': 's3cret', cookie: 'a=b', authorization: 'Bearer s3cret' });
  });

  test('gets no body with a secret', async () => {
    const body = ['method: POST', 'body: { key: "${env:KEY}" }', 'origins: [https://api.test]'];
    await expect(pollSource([...lines, ...body], () => [], { variables, begin: given })).rejects.toThrow(
      'its body has a secret, which is sent only to origins',
    );
  });

  test('must be one', () => {
    const plan = planOfLines([...lines, 'origins: [https://api.test]'], '', variables);
    const place = { type: 'http', page: 0, cursor: null, skip: 0, since: null, recentPages: [] } as const;
    for (const url of ['ftp://api.test/a', 'no address', '/relative', 'https://u:p@api.test/', 7, ['https://a.test']]) {
      const values = { last: { x: JSON.stringify(url) } };
      expect(() => pageAddress(plan, { ...place, values })).toThrow('expected an address, http or https');
    }
    expect(() => pageAddress(plan, place)).toThrow('has no value');
  });
});
