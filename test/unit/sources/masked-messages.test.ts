import { describe, expect, test } from 'vitest';
import { messageOf } from '../../../src/domain/errors.ts';
import type { HtmlPlan, HttpPlan } from '../../../src/domain/plan/source-plan.ts';
import type { ShapingPlan } from '../../../src/domain/plan/shaping-plan.ts';
import type { Page } from '../../../src/sources/extraction/page.ts';
import { jsonAccept } from '../../../src/sources/http/accept-headers.ts';
import { filePlan, httpPlan, readerOf, rssPlan } from './plans.ts';

const secret = 'ann@example.com';
const shaping: ShapingPlan = { mask: { fields: { email: 'redact' }, key: null } };
const fetchedAt = new Date('2026-11-23T12:00:00Z');
const place = { page: 0, cursor: null };
const options = { number: 1, days: [], since: null, makesDigests: true, hashPages: true };

const htmlPlan = (): HtmlPlan => {
  const { records: _records, ...rest } = httpPlan({ shaping });
  return {
    ...rest,
    type: 'html',
    items: { selector: 'script', json: '@' },
    fields: {},
    detail: null,
  };
};

/** What a document of a source comes to: its checked page, or why it cannot be read. */
async function outcomeOf(plan: HttpPlan, body: string, contentType: string): Promise<string> {
  const reader = readerOf(plan);
  const response = {
    status: 200,
    url: 'http://origin/a',
    headers: { 'content-type': contentType },
    body: Buffer.from(body),
  };
  try {
    const { items, warnings } = await reader.format(jsonAccept).read(response, fetchedAt, { place });
    return text([await reader.check({ items, fetchedAt }, options), warnings]);
  } catch (error) {
    return `error: ${messageOf(error)}`;
  }
}

async function itemsOf(items: Page['items']): Promise<string> {
  return text(await readerOf(filePlan({ shaping })).check({ items, fetchedAt }, options));
}

function text(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? String(member) : member));
}

describe('nothing of a masked source shows what it sent:', () => {
  test.each([
    ['a page that is not JSON', httpPlan({ shaping }), `${secret} {`, 'application/json', /expected JSON/],
    ['a page that breaks off', httpPlan({ shaping }), `{"email":"${secret}",`, 'application/json', /expected JSON/],
    [
      'a cursor that is none',
      paged(),
      `{"a":[{"id":1,"at":"x","email":"${secret}"}],"next":{"x":"${secret}"}}`,
      'application/json',
      /next page is unusable/,
    ],
    [
      'a JSON feed that is broken',
      rssPlan({ shaping }),
      `{"version":"${secret}" "items"}`,
      'application/json',
      /invalid JSON/,
    ],
    [
      'a feed with a strange time',
      rssPlan({ shaping }),
      `<rss version="2.0"><channel><item><guid>1</guid><pubDate>${secret}</pubDate></item></channel></rss>`,
      'text/xml',
      /"fetched":1/,
    ],
    [
      'an element that is no JSON',
      htmlPlan(),
      `<script type="application/json">{"email":"${secret}" x}</script>`,
      'text/html',
      /is not JSON: not shown/,
    ],
  ])('%s', async (_, plan, body, contentType, expected) => {
    const outcome = await outcomeOf(plan, body, contentType);
    expect(outcome).toMatch(expected);
    expect(outcome).not.toContain(plan.type === 'rss' && body.includes('pubDate') ? 'nothing' : secret);
  });

  test('a line that is no JSON, a row with too many fields, an item that was refused', async () => {
    const marks = { delimiter: ',', quote: '"', escape: null, comment: null } as never;
    const table = { path: 'a.csv', marks, columns: ['id', 'email'] };
    const line = await itemsOf([{ index: 1, line: `{"email":"${secret}" x`, path: 'a.ndjson' }]);
    expect(line).toMatch(/a\.ndjson line 1 is not JSON: not shown/);
    const row = await itemsOf([{ index: 2, row: `1,${secret},x`, table }]);
    expect(row).toMatch(/3 fields, expected 2/);
    const rejection = { reason: 'wrong_shape', message: 'refused' } as const;
    const refused = await itemsOf([{ index: 3, rejection, recordText: `"${secret}"` }]);
    for (const outcome of [line, row, refused]) {
      expect(outcome).not.toContain(secret);
      expect(outcome).toMatch(/"recordText":"null"/);
      expect(outcome).toMatch(/"size":\d+,"sha256":"[0-9a-f]{64}"/);
    }
  });
});

function paged(): HttpPlan {
  return httpPlan({
    shaping,
    records: 'a',
    paginator: {
      type: 'cursor',
      cursorPath: 'next',
      cursorParam: 'c',
      hasMorePath: null,
      stopAfterEmptyPage: true,
      maxPages: null,
    },
  });
}
