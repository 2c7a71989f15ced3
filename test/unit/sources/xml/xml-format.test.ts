import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startOrigin, type Origin } from '../../../support/servers/origin.ts';
import { failureOf, planFor, poll } from '../bodies/body-polls.ts';

let origin: Origin;
beforeAll(async () => {
  origin = await startOrigin();
});
afterAll(() => origin.close());

async function read(body: string | Buffer, ...lines: string[]) {
  origin.answer((_url, response) => void response.setHeader('content-type', 'application/xml').end(body));
  return poll(planFor(`${origin.url}/x.xml`, 'occurred_at: { on_missing: fetched_at }', ...lines));
}

const sitemap = `<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
  <url><loc>https://example.com/a?x=1&amp;y=2</loc><lastmod>2026-11-01</lastmod>
    <image:image><image:loc>https://example.com/a.png</image:loc></image:image></url>
  <url><loc>https://example.com/b</loc></url>
</urlset>`;

describe('XML', () => {
  test('is read by items and fields', async () => {
    const { payloads, refused } = await read(
      sitemap,
      'items: { selector: "urlset > url" }',
      'fields: { loc: { selector: loc }, at: { selector: lastmod, type: date }, image: { selector: "image|loc" } }',
      'id: loc',
    );
    expect(payloads).toEqual([
      { loc: 'https://example.com/a?x=1&y=2', at: '2026-11-01T00:00:00Z', image: 'https://example.com/a.png' },
      { loc: 'https://example.com/b' },
    ]);
    expect(refused).toEqual([]);
  });

  test.each(['dc|date', String.raw`dc\:date`, '*|x, dc|date'.slice(5)])(
    'finds names with a prefix: %s',
    async (selector) => {
      const body = '<r xmlns:dc="u"><i><id>1</id><dc:date>d</dc:date><date>n</date></i></r>';
      const { payloads } = await read(
        body,
        'items: { selector: i }',
        `fields: { id: { selector: id }, d: { selector: '${selector}' } }`,
      );
      expect(payloads).toEqual([{ id: '1', d: 'd' }]);
    },
  );

  test('tells upper from lower case, and takes attributes with a prefix', async () => {
    const body = '<Orders xmlns:x="u"><Order Id="7" x:ref="r"><Name>n</Name><name>m</name></Order></Orders>';
    const fields = 'fields: { id: { attr: Id }, ref: { attr: "x:ref" }, name: { selector: Name } }';
    const { payloads } = await read(body, 'items: { selector: Order }', fields);
    expect(payloads).toEqual([{ id: '7', ref: 'r', name: 'n' }]);
  });

  test('keeps the lines of a text, and CDATA; of elements within one the words', async () => {
    const body = `<r><i><id>1</id><t> a  b
c </t><c><![CDATA[<b>&amp;</b>]]></c><w>
   <x>one</x><y>two</y>
 </w></i></r>`;
    const fields = 'fields: { id: { selector: id }, t: { selector: t }, c: { selector: c }, w: { selector: w } }';
    const { payloads } = await read(body, 'items: { selector: i }', fields);
    expect(payloads).toEqual([{ id: '1', t: 'a  b\nc', c: '<b>&amp;</b>', w: 'one two' }]);
  });

  test('has nested and repeated fields', async () => {
    const body = '<r><o><id>1</id><line><sku>a</sku><n>2</n></line><line><sku>b</sku><n>3.5</n></line></o></r>';
    const lines =
      'lines: { selector: line, list: true, fields: { sku: { selector: sku }, n: { selector: n, type: number } } }';
    const { payloads } = await read(body, 'items: { selector: o }', `fields: { id: { selector: id }, ${lines} }`);
    expect(payloads).toEqual([
      {
        id: '1',
        lines: [
          { sku: 'a', n: 2 },
          { sku: 'b', n: 3.5 },
        ],
      },
    ]);
  });

  test('never expands an entity that it declares', async () => {
    const bomb =
      '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>';
    const { payloads } = await read(
      `<?xml version="1.0"?>${bomb}<r><i><id>1</id><t>&b;&f;</t></i></r>`,
      'items: { selector: i }',
      'fields: { id: { selector: id }, t: { selector: t } }',
    );
    expect(payloads).toEqual([{ id: '1', t: '&b;&f;' }]);
  });

  test('in another charset is read as its prolog says', async () => {
    const body = Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><r><i><id>Z\u00fcrich</id></i></r>', 'latin1');
    expect((await read(body, 'items: { selector: i }', 'fields: { id: { selector: id } }')).ids).toEqual(['Zürich']);
  });

  test('that broke off makes the poll partial', async () => {
    const { ids, end } = await read(
      '<r><i><id>1</id></i><i><id>2</id></i><i><i',
      'items: { selector: i }',
      'fields: { id: { selector: id } }',
    );
    expect(ids.slice(0, 2)).toEqual(['1', '2']);
    expect(end.cutShort).toBe(true);
  });

  test.each([
    ['a page of HTML', '<!DOCTYPE html><html><body>Log in</body></html>', 'an HTML page'],
    ['a text', 'Too many requests', 'expected XML'],
    ['JSON', '{"error": 1}', 'expected XML'],
    ['nothing', '', 'expected XML'],
  ])('is refused: %s', async (_what, body, message) => {
    const error = await failureOf(read(body, 'items: { selector: i }', 'fields: { id: { selector: id } }'));
    expect(error.type).toBe('UnreadableBody');
    expect(error.message).toContain(message);
  });

  test('that nests too deep is refused', async () => {
    const error = await failureOf(
      read('<a>'.repeat(1_500), 'items: { selector: i }', 'fields: { id: { selector: id } }'),
    );
    expect(error.type).toBe('WrongShape');
  });

  test('leads to the next page by an attribute or a text', async () => {
    for (const link of ['<next href="/x.xml?p=2"/>', '<next>x.xml?p=2</next>']) {
      origin.answer((url, response) => {
        const isLast = url.searchParams.get('p') === '2';
        response.end(`<r><i><id>${isLast ? 2 : 1}</id></i>${isLast ? '' : link}</r>`);
      });
      const paging = 'paginator: { type: html_link, selector: next }';
      const lines = ['items: { selector: i }', 'fields: { id: { selector: id } }', paging];
      const { ids } = await poll(planFor(`${origin.url}/x.xml`, 'occurred_at: { on_missing: fetched_at }', ...lines));
      expect(ids).toEqual(['1', '2']);
    }
  });

  test('that is packed is unpacked', async () => {
    const { ids } = await read(
      gzipSync('<r><i><id>1</id></i></r>'),
      'items: { selector: i }',
      'fields: { id: { selector: id } }',
    );
    expect(ids).toEqual(['1']);
  });

  test('without items and fields is named, where only its answer says that it is XML', async () => {
    origin.answer((_url, response) => void response.setHeader('content-type', 'text/xml').end('<r/>'));
    const error = await failureOf(poll(planFor(`${origin.url}/export`)));
    expect(error.message).toContain('expected items and fields');
  });
});

describe('an answer with an error in place of records fails the attempt', () => {
  const soap = (fault: string) =>
    `<s:Envelope xmlns:s="u"><s:Header/><s:Body><s:Fault>${fault}</s:Fault></s:Body></s:Envelope>`;
  const lines = ['items: { selector: i }', 'fields: { id: { selector: id } }', 'allow_empty: true'];

  test.each<[type: string, shown: string, body: string]>([
    ['SourceUnavailable', 's:Server busy', soap('<faultcode>s:Server</faultcode><faultstring>busy</faultstring>')],
    [
      'SourceRefused',
      's:Sender bad id',
      soap('<s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason>bad id</s:Reason>'),
    ],
    ['SourceRefused', 'badResumptionToken', '<OAI-PMH><request/><error code="badResumptionToken"/></OAI-PMH>'],
    [
      'SourceRefused',
      'InvalidParameterValue startIndex',
      '<ows:ExceptionReport><ows:Exception exceptionCode="InvalidParameterValue"><ows:ExceptionText>startIndex</ows:ExceptionText></ows:Exception></ows:ExceptionReport>',
    ],
    [
      'SourceUnavailable',
      'no connection',
      '<ServiceExceptionReport><ServiceException>no connection</ServiceException></ServiceExceptionReport>',
    ],
    ['SourceUnavailable', '99 Insufficient', '<rsp stat="fail"><err code="99" msg="Insufficient"/></rsp>'],
    ['SourceUnavailable', 'SlowDown', '<Error><Code>SlowDown</Code></Error>'],
    ['SourceUnavailable', 'quota', '<errors><error>quota</error></errors>'],
    ['SourceUnavailable', '17 busy', '<r><errors><item><code>17</code><message>busy</message></item></errors></r>'],
    ['SourceUnavailable', 'over quota', '<response><error>over quota</error><items/></response>'],
  ])('%s: %s', async (type, shown, body) => {
    const error = await failureOf(read(body, ...lines));
    expect(error).toMatchObject({ type });
    expect(error.message).toContain(`in place of records: ${shown}`);
  });

  test.each([
    '<OAI-PMH><error code="noRecordsMatch">none</error></OAI-PMH>',
    '<response><error>0</error><items/></response>',
    '<response><errors/><status code="200"/></response>',
    '<response><errors count="0"/></response>',
    '<r><list><error>of a record</error></list></r>',
    '<OAI-PMH><error code="noRecordsMatch">The combination of the values gives an empty list</error></OAI-PMH>',
    '<r><error><code>0</code><message>OK</message></error><items/></r>',
    '<r><error code="0">No error</error></r>',
    '<r><error code="200" message="OK"/></r>',
    '<r><error>0 records</error></r>',
    '<r><error>No more results.</error></r>',
    '<faults><title>Network faults</title></faults>',
    '<faults><generated>2026-01-01</generated><count>0</count></faults>',
  ])('not where it says that there is none: %s', async (body) => {
    expect((await read(body, ...lines)).ids).toEqual([]);
  });

  test('and it is not quoted where values are masked', async () => {
    const mask = ['mask: { name: redact }'];
    const error = await failureOf(read('<error>of Ann</error>', ...lines, ...mask));
    expect(error.message).toContain('in place of records');
    expect(error.message).not.toContain('Ann');
  });
});
