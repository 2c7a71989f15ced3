import { zipOf } from '../../../sources/zip-files.ts';
import type { Asked, Answer, Trial } from '../recipe-run.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n + 1);
const stored = (n: number, time = '00:00:00') => `2026-11-0${n}T${time}.000000Z`;

/** Filings as columns. */
function filingsApi() {
  return ({ path, headers }: Asked): Answer => {
    if (!String(headers['user-agent']).includes('@')) return { status: 403, body: 'Undeclared Automated Tool' };
    const cik = /^\/submissions\/CIK(\d{10})\.json$/.exec(path)?.[1] ?? '';
    const of = (n: number) => `${cik}-26-00000${n}`;
    const recent = {
      accessionNumber: [of(2), of(1)],
      form: ['10-Q', '8-K'],
      acceptanceDateTime: ['2026-11-02T18:04:29.000Z', '2026-11-01T18:04:29.000Z'],
      primaryDocument: ['q.htm', 'k.htm'],
    };
    return { body: { cik, filings: { recent, files: [] } } };
  };
}

/** 1,002 rows that answer `$limit` and `$offset`. */
function permitsApi() {
  const rows = numbers(1_002).map((n) => ({ permit: `B${n}`, issued: '2026-11-02T00:00:00.000' }));
  return ({ query, headers }: Asked): Answer => {
    if (headers['x-app-token'] !== 'socrata') return { status: 403, body: { error: true } };
    const from = Number(query.get('$offset'));
    return { body: rows.slice(from, from + Number(query.get('$limit'))) };
  };
}

/** A resource with 1,001 rows. */
function accidentsApi() {
  const rows = numbers(1_001).map((n) => ({ _id: n, day: '03.11.2026' }));
  return ({ query }: Asked): Answer => {
    const from = Number(query.get('offset'));
    const records = rows.slice(from, from + Number(query.get('limit')));
    return { body: { success: true, result: { records, total: rows.length, fields: [] } } };
  };
}

/** A layer that gives out two features at once, whatever is asked for, and fails the second request. */
function hydrantsApi() {
  let asked = 0;
  const features = numbers(3).map((n) => ({ attributes: { OBJECTID: n, EditDate: Date.UTC(2026, 10, n) } }));
  return ({ query }: Asked): Answer => {
    if (++asked === 2) return { body: { error: { code: 500, message: 'Unable to complete operation.', details: [] } } };
    const from = Number(query.get('resultOffset'));
    const more = from + 2 < features.length ? { exceededTransferLimit: true } : {};
    return { body: { ...more, features: features.slice(from, from + 2) } };
  };
}

/** A file in windows-1252 with two lines above its header. */
function ratesApi() {
  const lines = ['Quelle: Nationalbank', '', 'Währung;Tag;Kurs', 'USD;03.11.2026;1,0850', 'Kčs;04.11.2026;24,15'];
  const body = Buffer.from(lines.join('\r\n').replace('č', 'c'), 'latin1');
  return ({ headers }: Asked): Answer => {
    if (headers['if-none-match'] === '"v1"') return { status: 304, body: '' };
    return { headers: { 'content-type': 'application/octet-stream', etag: '"v1"' }, body };
  };
}

/** A workbook with two sheets, of which the second one has the rows. */
function inspectionsApi() {
  const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
  const relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
  const text = (content: string) => `<c t="inlineStr"><is><t>${content}</t></is></c>`;
  const rows = [
    `<row>${text('Permit no.')}${text('Inspected on')}${text('Result')}</row>`,
    `<row>${text('P-1')}<c s="1"><v>46329</v></c>${text('pass')}</row>`,
    `<row>${text('P-2')}<c s="1"><v>46330.5</v></c>${text('fail')}</row>`,
  ];
  const sheet = (content: string) => `<worksheet xmlns="${main}"><sheetData>${content}</sheetData></worksheet>`;
  const body = zipOf([
    {
      name: 'xl/workbook.xml',
      content: `<workbook xmlns="${main}" xmlns:r="${relations}"><sheets><sheet name="About" sheetId="1" r:id="a"/><sheet name="Inspections" sheetId="2" r:id="b"/></sheets></workbook>`,
    },
    {
      name: 'xl/_rels/workbook.xml.rels',
      content: `<Relationships><Relationship Id="a" Type="${relations}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="b" Type="${relations}/worksheet" Target="worksheets/sheet2.xml"/></Relationships>`,
    },
    {
      name: 'xl/styles.xml',
      content: `<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs></styleSheet>`,
    },
    { name: 'xl/worksheets/sheet1.xml', content: sheet(`<row>${text('An export')}</row>`) },
    { name: 'xl/worksheets/sheet2.xml', content: sheet(rows.join('')) },
  ]);
  return (): Answer => ({ body });
}

/** Cases in two pages, and their details, of which one is missing. */
function casesApi() {
  return ({ path, query }: Asked): Answer => {
    const number = /^\/api\/cases\/(.+)$/.exec(path)?.[1];
    if (number === undefined) {
      const isFirst = !query.has('cursor');
      const cases = (isFirst ? ['1', '2'] : ['3']).map((n) => ({ number: `C/${n}`, filed_at: `2026-11-0${n}` }));
      return { body: { cases, next: isFirst ? 'p2' : null } };
    }
    return { body: { number: decodeURIComponent(number), changed_at: '2026-11-05', judge: 'Ada' } };
  };
}

export const publicData: readonly Trial[] = [
  {
    recipe: 'SEC EDGAR: columns instead of records',
    api: filingsApi,
    records: {
      filings: ['0000320193', '0000789019'].flatMap((cik) => [
        [`${cik}-26-000002`, stored(2, '18:04:29')] as const,
        [`${cik}-26-000001`, stored(1, '18:04:29')] as const,
      ]),
    },
    requests: ['GET /submissions/CIK0000320193.json', 'GET /submissions/CIK0000789019.json'],
    first: { accession: '0000320193-26-000002', form: '10-Q', document: 'q.htm', parent: { value: '0000320193' } },
  },
  {
    recipe: 'Socrata: open data of cities',
    api: permitsApi,
    variables: { SOCRATA_TOKEN: 'socrata' },
    records: { permits: numbers(1_002).map((n) => [`B${n}`, stored(2, '05:00:00')]) },
    requests: [0, 999, 1001, 1002].map(
      (offset) =>
        `GET /resource/abcd-1234.json?$where=issued >= '2025-12-31'&$order=issued, permit&$offset=${offset}&$limit=1000`,
    ),
  },
  {
    recipe: 'CKAN: rows of a data portal',
    api: accidentsApi,
    records: { accidents: numbers(1_001).map((n) => [String(n), stored(2, '23:00:00')]) },
    requests: [0, 999].map(
      (offset) =>
        `GET /api/3/action/datastore_search?resource_id=11111111-2222-3333-4444-555555555555&sort=_id&offset=${offset}&limit=1000`,
    ),
  },
  {
    recipe: 'ArcGIS: features of a layer',
    api: hydrantsApi,
    records: { hydrants: numbers(3).map((n) => [String(n), stored(n)]) },
    requests: [0, 1, 1].map(
      (offset) =>
        `GET /server/rest/services/City/FeatureServer/0/query?where=EditDate >= timestamp '2026-01-01 00:00:00'&orderByFields=EditDate, OBJECTID&outFields=*&outSR=4326&f=json&resultOffset=${offset}&resultRecordCount=1000`,
    ),
  },
  {
    recipe: 'Government statistics as CSV',
    api: ratesApi,
    polls: 2,
    records: {
      exchange_rates: [
        ['65e2cc39ba6b1b4b85c376f2cbb28ddd44a305227cec786002622eb80e68dc45', stored(2, '23:00:00')],
        ['4096dcd73480741a1867767a6982893863d5c60d1ab263df022cf986494d9760', stored(3, '23:00:00')],
      ],
    },
    requests: ['GET /download/rates.csv', 'GET /download/rates.csv'],
    first: { currency: 'USD', day: '03.11.2026', rate: 1.085 },
  },
  {
    recipe: 'Excel workbook',
    api: inspectionsApi,
    records: {
      inspections: [
        ['P-1', stored(2, '23:00:00')],
        ['P-2', stored(4, '11:00:00')],
      ],
    },
    requests: ['GET /files/inspections.xlsx'],
    first: { 'Permit no.': 'P-1', Result: 'pass' },
  },
  {
    recipe: 'A list and its details',
    api: casesApi,
    records: {
      cases: numbers(3).map((n) => [`C/${n}`, stored(n)]),
      case_details: numbers(3).map((n) => [`C/${n}`, stored(5)]),
    },
    requests: [
      'GET /api/cases',
      'GET /api/cases?cursor=p2',
      'GET /api/cases/C%2F1',
      'GET /api/cases/C%2F2',
      'GET /api/cases/C%2F3',
    ],
    first: { judge: 'Ada', parent: { filed_at: '2026-11-01' } },
  },
];
