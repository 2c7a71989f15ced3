import { describe, expect, test } from 'vitest';
import { complaints, daybookYaml, http } from '../../config/daybook-yaml.ts';
import { pollSource, type Asked } from '../polled-source.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, number) => number);
const at = (number: number) => new Date(Date.UTC(2026, 9, 1, number)).toISOString();
const page = (start: number, size = 10) =>
  numbers(25)
    .slice(start, start + size)
    .map((number) => ({ id: `r${number}`, at: at(number) }));
const all = page(0, 25).map(({ id }) => id);

const oai = [
  'type: http',
  'format: xml',
  'url: ORIGIN/oai',
  "params: { verb: ListRecords, metadataPrefix: oai_dc, from: '${since}' }",
  "following: { params: { verb: ListRecords, resumptionToken: '${cursor}' } }",
  'items: { selector: ListRecords > record }',
  'fields: { id: { selector: identifier }, at: { selector: datestamp } }',
  'page_fields: { token: { selector: resumptionToken }, size: { selector: resumptionToken, attr: completeListSize } }',
  'paginator: { type: cursor, cursor_path: token }',
  'incremental: { cursor: at, initial_value: 2026-01-01T00:00:00Z }',
];

/** A repository that takes a token only alone, as its protocol says. */
function harvested({ query }: Asked) {
  const token = query.get('resumptionToken');
  const isAlone = token === null || [...query.keys()].toSorted().join() === 'resumptionToken,verb';
  const start = Number(token?.slice('set:'.length) ?? 0);
  const records = page(start).map(
    ({ id, at: date }) =>
      `<record><header><identifier>${id}</identifier><datestamp>${date}</datestamp></header></record>`,
  );
  const next = start + 10 < 25 ? `set:${start + 10}` : '';
  const list = `<ListRecords>${records.join('')}<resumptionToken completeListSize="25" cursor="${start}">${next}</resumptionToken></ListRecords>`;
  const body = `<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">${isAlone ? list : '<error code="badArgument">exclusive</error>'}</OAI-PMH>`;
  return { body, headers: { 'content-type': 'text/xml' } };
}

describe('a request of its own for the pages after the first', () => {
  test('a token that must come alone replaces all parameters of the first request', async () => {
    const { ids, asked, end } = await pollSource(oai, harvested);
    expect(ids).toEqual(all);
    expect(end).toMatchObject({ cutShort: false });
    expect(asked.map(({ query }) => [...query.keys()].join())).toEqual([
      'verb,metadataPrefix,from',
      'verb,resumptionToken',
      'verb,resumptionToken',
    ]);
  });

  test('a list that is continued at another address with another body is read to its end', async () => {
    const { ids, asked } = await pollSource(
      [
        'url: ORIGIN/2/files/list_folder',
        'method: POST',
        "body: { path: '', recursive: true }",
        "following: { url: ORIGIN/2/files/list_folder/continue, body: { cursor: '${cursor}' } }",
        'records: entries',
        'paginator: { type: cursor, cursor_path: cursor, has_more_path: has_more }',
      ],
      ({ path, json }) => {
        const { cursor, ...others } = json as Record<string, unknown>;
        const isContinued = path.endsWith('/continue');
        if (isContinued !== (cursor !== undefined) || (isContinued && Object.keys(others).length > 0)) {
          return { status: 400, body: 'unknown field' };
        }
        const start = Number(cursor ?? 0);
        return { body: { entries: page(start), cursor: String(start + 10), has_more: start + 10 < 25 } };
      },
    );
    expect(ids).toEqual(all);
    expect(asked.map(({ path }) => path.split('/').at(-1))).toEqual(['list_folder', 'continue', 'continue']);
  });

  test('a token that is kept for the next poll begins with the request for later pages', async () => {
    const lines = [
      'url: ORIGIN/list',
      'method: POST',
      "body: { path: '' }",
      "following: { url: ORIGIN/list/continue, body: { cursor: '${cursor}' } }",
      'records: entries',
      'paginator: { type: cursor, cursor_path: cursor, has_more_path: has_more, resume: token }',
    ];
    const answer = ({ json }: Asked) => {
      const start = Number((json as { cursor?: string }).cursor ?? 0);
      return { body: { entries: page(start), cursor: String(Math.min(start + 10, 25)), has_more: start + 10 < 25 } };
    };
    const { state } = await pollSource(lines, answer);
    const { asked, ids } = await pollSource(lines, answer, { state });
    expect(ids).toEqual([]);
    expect(asked.map(({ path }) => path)).toEqual(['/list/continue']);
  });

  test('a secret in it is filled in, and sent', async () => {
    const { asked } = await pollSource(
      [
        'url: ORIGIN/list',
        "params: { key: '${env:KEY}' }",
        "following: { params: { key: '${env:KEY}', next: '${cursor}' } }",
        'records: entries',
        'paginator: { type: cursor, cursor_path: cursor }',
      ],
      ({ query }) => ({
        body: { entries: page(query.has('next') ? 10 : 0), cursor: query.has('next') ? null : 'a b' },
      }),
      { variables: { KEY: 'a-${secret}-key' } },
    );
    expect(asked.map(({ path }) => path)).toEqual([
      '/list?key=a-%24%7Bsecret%7D-key',
      '/list?key=a-%24%7Bsecret%7D-key&next=a+b',
    ]);
  });

  test.each([
    ['without its paginator', ["following: { params: { next: '${cursor}' } }", 'paginator: page_number'], 'following'],
    ['without the token', ['following: { params: { next: 1 } }'], 'following: found no ${cursor}'],
    [
      'at another origin',
      ["following: { url: 'https://other.test/x?c=${cursor}' }"],
      'following.url: found https://other',
    ],
    [
      'beside cursor_param',
      ["following: { params: { c: '${cursor}' } }", 'paginator: { type: cursor, cursor_path: c, cursor_param: c }'],
      'paginator.cursor_param',
    ],
    ['with a body for GET', ["following: { body: { c: '${cursor}' } }"], 'following.body: found a body'],
  ])('%s it is refused', (_, lines, expected) => {
    const found = complaints(daybookYaml([http('paginator: { type: cursor, cursor_path: c }', ...lines)]));
    expect(found.join('\n')).toContain(expected);
  });
});

describe('fields of a document itself', () => {
  test('a total and an offset of Atom end the poll without an empty page', async () => {
    const { ids, asked, warnings } = await pollSource(
      [
        'type: http',
        'format: xml',
        'url: ORIGIN/api/query',
        'items: { selector: feed > entry }',
        'fields: { id: { selector: "> id" }, at: { selector: updated, type: date } }',
        "page_fields: { total: { selector: 'opensearch|totalResults', type: number } }",
        'paginator: { type: offset, limit: 10, offset_param: start, limit_param: max_results, total_path: total }',
      ],
      ({ query }) => {
        const entries = page(Number(query.get('start'))).map(
          (one) => `<entry><id>${one.id}</id><updated>${one.at}</updated></entry>`,
        );
        const body = `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"><opensearch:totalResults>25</opensearch:totalResults>${entries.join('')}</feed>`;
        return { body, headers: { 'content-type': 'application/atom+xml' } };
      },
    );
    expect(ids).toEqual(all);
    expect(asked).toHaveLength(3);
    expect(warnings).toEqual([]);
  });

  test('a token and a flag of a bucket listing lead from page to page', async () => {
    const { ids, asked } = await pollSource(
      [
        'type: http',
        'format: xml',
        'url: ORIGIN/?list-type=2',
        'items: { selector: Contents }',
        'fields: { id: { selector: Key }, at: { selector: LastModified } }',
        'page_fields: { token: { selector: NextContinuationToken }, more: { selector: IsTruncated } }',
        'paginator: { type: cursor, cursor_path: token, cursor_param: continuation-token, has_more_path: more }',
      ],
      ({ query }) => {
        const start = Number(query.get('continuation-token') ?? 0);
        const keys = page(start).map(
          (one) => `<Contents><Key>${one.id}</Key><LastModified>${one.at}</LastModified></Contents>`,
        );
        const next =
          start + 10 < 25
            ? `<IsTruncated>true</IsTruncated><NextContinuationToken>${start + 10}</NextContinuationToken>`
            : '<IsTruncated>false</IsTruncated>';
        const body = `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${next}${keys.join('')}</ListBucketResult>`;
        return { body, headers: { 'content-type': 'application/xml' } };
      },
    );
    expect(ids).toEqual(all);
    expect(asked).toHaveLength(3);
  });

  test('a token in a web page leads to the next one', async () => {
    const { ids } = await pollSource(
      [
        'type: html',
        'robots: ignore',
        'url: ORIGIN/list',
        'items: { selector: li }',
        'fields: { id: {}, at: { attr: title } }',
        'page_fields: { next: { selector: button, attr: data-next } }',
        'paginator: { type: cursor, cursor_path: next, cursor_param: after }',
      ],
      ({ query }) => {
        const start = Number(query.get('after') ?? 0);
        const items = page(start).map((one) => `<li title="${one.at}">${one.id}</li>`);
        const button = start + 10 < 25 ? `<button data-next="${start + 10}">More</button>` : '';
        return { body: `<ul>${items.join('')}</ul>${button}`, headers: { 'content-type': 'text/html' } };
      },
    );
    expect(ids).toEqual(all);
  });

  test('a path of the paginator without fields of the document is refused, and so is a field without an element', () => {
    const xml = ['type: http', 'format: xml', 'items: { selector: a }', 'fields: { id: {} }'];
    const paginator = 'paginator: { type: cursor, cursor_path: token, cursor_param: t }';
    expect(complaints(daybookYaml([http(...xml, paginator)])).join('\n')).toContain('expected page_fields');
    const without = complaints(daybookYaml([http(...xml, paginator, 'page_fields: { token: {} }')]));
    expect(without.join('\n')).toContain('page_fields.token.selector: is required');
  });
});

describe('a server that counts pages behind one token', () => {
  const lines = [
    'url: ORIGIN/orders/_search?scroll=1m',
    'method: POST',
    'body: { size: 10 }',
    "following: { url: ORIGIN/_search/scroll, body: { scroll: 1m, scroll_id: '${cursor}' } }",
    'records: hits',
    'paginator: { type: cursor, cursor_path: _scroll_id }',
  ];

  test('all of its pages are read, until an empty one', async () => {
    let start = -10;
    const { ids, asked, end } = await pollSource(lines, () => {
      start += 10;
      return { body: { _scroll_id: 'always the same', hits: page(start) } };
    });
    expect(ids).toEqual(all);
    expect(asked).toHaveLength(4);
    expect(end).toMatchObject({ cutShort: false });
  });

  const scroll = () => {
    let start = -10;
    return ({ path }: Asked) => {
      start = path.includes('orders') ? 0 : start + 10;
      return { body: { _scroll_id: 'always the same', hits: page(start) } };
    };
  };

  test.each([1, 2, 3, 4])(
    'a fetch that is killed and done again never ends a poll that misses a page as ok: fetch %i',
    async (killedFetch) => {
      const { ids, end, warnings } = await pollSource(lines, scroll(), { recordsAtOnce: 10, killedFetch });
      const isWhole = new Set(ids).size === all.length;
      expect(end?.cutShort).toBe(!isWhole);
      expect(warnings.join()).toMatch(
        isWhole ? /^$/ : /records_unproved: an attempt before may have asked for a page of the scroll/,
      );
    },
  );

  test('a poll that was given up within a scroll and continues there is partial', async () => {
    const answer = scroll();
    const before = await pollSource(lines, answer, { recordsAtOnce: 10, maxFetches: 2 });
    const { end } = await pollSource(lines, answer, { state: before.state });
    expect(end).toMatchObject({ cutShort: true });
  });

  test('a last page that names itself and comes again is the end', async () => {
    const { ids, end } = await pollSource(lines, ({ path }) =>
      path.includes('orders')
        ? { body: { _scroll_id: 'b', hits: page(0) } }
        : { body: { _scroll_id: 'b', hits: page(10) } },
    );
    expect([...new Set(ids)]).toEqual(all.slice(0, 20));
    expect(end).toMatchObject({ cutShort: false });
  });
});
