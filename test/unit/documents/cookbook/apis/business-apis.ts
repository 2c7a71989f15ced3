import { expect } from 'vitest';
import type { Asked, Answer, Trial } from '../recipe-run.ts';

const refused: Answer = { status: 401, body: { message: 'who are you?' } };
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n + 1);
const day = (n: number) => `2026-11-0${n}T08:00:00`;
const stored = (n: number) => `${day(n)}.000000Z`;

/** Charges, newest first; their ids are in no order. */
function chargesApi() {
  const ids = ['ch_q', 'ch_a', 'ch_z', 'ch_b', 'ch_m'];
  const charges = ids.map((id, n) => ({ id, created: Date.parse(`${day(5 - n)}Z`) / 1000 }));
  return ({ query, headers }: Asked): Answer => {
    if (headers.authorization !== 'Bearer sk_test') return refused;
    const fitting = charges.filter(({ created }) => created >= Number(query.get('created[gte]') ?? 0));
    const from = fitting.findIndex(({ id }) => id === query.get('starting_after')) + 1;
    return { body: { object: 'list', data: fitting.slice(from, from + 2), has_more: from + 2 < fitting.length } };
  };
}

/** Orders, whose next pages refuse parameters other than those of the link. */
function ordersApi() {
  return ({ path, query, headers, origin }: Asked): Answer => {
    if (headers['x-shopify-access-token'] !== 'shpat') return refused;
    const page = query.get('page_info');
    if (page !== null && query.has('updated_at_min')) return { status: 400, body: { errors: 'page_info: invalid' } };
    const orders = page === null ? [1, 2] : [3];
    const link = `<${origin}${path}?limit=250&page_info=abc>; rel="next"`;
    const back = `<${origin}${path}?limit=250&page_info=before>; rel="previous"`;
    return {
      headers: { link: page === null ? link : back },
      body: { orders: orders.map((id) => ({ id, updated_at: `2026-11-0${id}T03:00:00-05:00` })) },
    };
  };
}

interface Search {
  readonly filterGroups: readonly { readonly filters: readonly { readonly value: string }[] }[];
  readonly sorts: readonly object[];
  readonly limit: number;
  readonly after: number;
}

/** A search that refuses offsets beyond 10,000 and has 10,150 contacts. */
function contactsApi() {
  const start = Date.parse('2026-11-01T00:00:00Z');
  const contacts = numbers(10_150).map((n) => ({
    id: String(n),
    updatedAt: new Date(start + n * 1000).toISOString(),
  }));
  return ({ method, headers, body }: Asked): Answer => {
    if (method !== 'POST' || headers.authorization !== 'Bearer hub') return refused;
    const { filterGroups, limit, after, sorts } = JSON.parse(body) as Search;
    if (after + limit > 10_000 || sorts.length !== 1) return { status: 400, body: { message: 'after is too large' } };
    const from = Number(filterGroups[0]?.filters[0]?.value);
    const fitting = contacts.filter(({ updatedAt }) => Date.parse(updatedAt) >= from);
    return { body: { total: fitting.length, results: fitting.slice(after, after + limit) } };
  };
}

/** Jobs that need two looks, and rows in two parts. */
function exportsApi() {
  let looks = 0;
  const jobs = '/services/data/v65.0/jobs/query';
  return ({ path, query, headers }: Asked): Answer => {
    if (path === '/services/oauth2/token') return { body: { access_token: 'sf', expires_in: 3600 } };
    if (headers.authorization !== 'Bearer sf') return refused;
    if (path === jobs) return { body: { id: '750R', state: 'UploadComplete' } };
    if (path === `${jobs}/750R`) return { body: { id: '750R', state: ++looks > 1 ? 'JobComplete' : 'InProgress' } };
    const isLast = query.get('locator') === 'Mg';
    const row = isLast ? `003,C,${day(3)}.000+0000` : `001,"A, Inc.",${day(1)}.000+0000\n002,B,${day(2)}.000+0000`;
    return {
      headers: { 'content-type': 'text/csv', 'sforce-locator': isLast ? 'null' : 'Mg' },
      body: `"Id","Name","SystemModstamp"\n${row}\n`,
    };
  };
}

/** Invoices, in pages that the server sizes. */
function invoicesApi() {
  const invoices = numbers(3).map((n) => ({ InvoiceId: `R-${n}`, ModifiedAt: `${day(n)}Z` }));
  return ({ query, headers, origin }: Asked): Answer => {
    if (headers.authorization !== `Basic ${btoa('daybook:erp')}`) return refused;
    const since = /^ModifiedAt ge (\S+)$/.exec(query.get('$filter') ?? '')?.[1] ?? '';
    const fitting = invoices.filter(({ ModifiedAt }) => ModifiedAt >= since);
    const from = Number(query.get('$skiptoken') ?? 0);
    const next = { '@odata.nextLink': `${origin}/odata/v4/Invoices?$skiptoken=${from + 2}` };
    const value = fitting.slice(from, from + 2);
    return { body: { '@odata.context': '#Invoices', value, ...(from + 2 < fitting.length ? next : {}) } };
  };
}

/** Orders with lines. */
function linesApi() {
  const line = (sku: string, quantity: number) => ({ sku, quantity, price: 2.5 });
  const order = (number: number, ...lines: object[]) => ({
    number,
    updated_at: `${day(number)}Z`,
    customer: { name: 'Ada', email: 'ada@example.com' },
    lines,
  });
  const pages = [[order(1, line('pen', 2), line('ink', 0))], [order(2, line('pen', 4)), order(3)]];
  return ({ query }: Asked): Answer => ({ body: { pages: 2, orders: pages[Number(query.get('page')) - 1] } });
}

/** An index of orders, newest last. */
function searchApi() {
  const orders = numbers(5).map((n) => ({ number: n, updated_at: `${day(Math.ceil(n / 2))}.000Z` }));
  return ({ body, headers }: Asked): Answer => {
    if (headers.authorization !== `Basic ${btoa('daybook:es')}`) return refused;
    const asked = JSON.parse(body) as { search_after?: [number, number]; query: { range: object } };
    const hits = orders.map((order) => ({
      _id: `o${order.number}`,
      _source: order,
      sort: [Date.parse(order.updated_at), order.number],
    }));
    const [time, number] = asked.search_after ?? [0, 0];
    const after = hits.filter(({ sort: [t = 0, n = 0] }) => t > time || (t === time && n > number));
    return { body: { took: 1, hits: { total: { value: 5 }, hits: after.slice(0, 2) } } };
  };
}

/** A service that answers the envelope of one operation. */
function shipmentsApi() {
  const shipment = (n: number) =>
    `<s:Shipment><s:Number>S-${n}</s:Number><s:Changed>${day(n)}Z</s:Changed><s:Weight>${n}.50</s:Weight></s:Shipment>`;
  const envelope = (inside: string) =>
    `<?xml version="1.0"?><env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Body>${inside}</env:Body></env:Envelope>`;
  return ({ method, headers, body }: Asked): Answer => {
    const isRight =
      body.includes('<s:ApiKey>soap-key</s:ApiKey>') && headers['soapaction'] === 'urn:shipments/GetShipments';
    if (method !== 'POST' || !isRight) return { status: 500, body: envelope('<env:Fault/>') };
    return {
      headers: { 'content-type': 'text/xml; charset=utf-8' },
      body: envelope(
        `<s:GetShipmentsResponse xmlns:s="urn:shipments">${shipment(1)}${shipment(2)}</s:GetShipmentsResponse>`,
      ),
    };
  };
}

const orders = 'GET /admin/api/2026-10/orders.json';
const contactTime = (n: number) =>
  new Date(Date.parse('2026-11-01T00:00:00Z') + n * 1000).toISOString().replace('Z', '000Z');

function search(value: number, after: number): string {
  const body = {
    filterGroups: [{ filters: [{ propertyName: 'lastmodifieddate', operator: 'GTE', value }] }],
    sorts: [{ propertyName: 'lastmodifieddate', direction: 'ASCENDING' }],
    properties: ['email', 'firstname', 'lastname'],
    limit: 200,
    after,
  };
  return `POST /crm/v3/objects/contacts/search ${JSON.stringify(body)}`;
}

function hitsPage(after: readonly number[] | undefined): string {
  const [on, number] = after ?? [];
  const body = {
    size: 1000,
    query: { range: { updated_at: { gte: '2026-01-01T00:00:00Z' } } },
    sort: [{ updated_at: 'asc' }, { number: 'asc' }],
    ...(on === undefined ? {} : { search_after: [Date.parse(`${day(on)}Z`), number] }),
  };
  return `POST /orders/_search ${JSON.stringify(body)}`;
}

export const businessApis: readonly Trial[] = [
  {
    recipe: 'Stripe: the id of the last record',
    api: chargesApi,
    variables: { STRIPE_KEY: 'sk_test' },
    polls: 2,
    records: {
      charges: ['ch_q', 'ch_a', 'ch_z', 'ch_b', 'ch_m'].map((id, n) => [id, stored(5 - n)]),
    },
    requests: [
      'GET /v1/charges?limit=100&created[gte]=1767225600',
      'GET /v1/charges?limit=100&created[gte]=1767225600&starting_after=ch_a',
      'GET /v1/charges?limit=100&created[gte]=1767225600&starting_after=ch_b',
      'GET /v1/charges?limit=100&created[gte]=1793862000',
    ],
  },
  {
    recipe: 'Shopify: links in a header',
    api: ordersApi,
    variables: { SHOPIFY_TOKEN: 'shpat' },
    records: {
      orders: [
        ['1', stored(1)],
        ['2', stored(2)],
        ['3', stored(3)],
      ],
    },
    requests: [
      `${orders}?status=any&limit=250&order=updated_at asc&updated_at_min=2026-01-01T00:00:00Z`,
      `${orders}?limit=250&page_info=abc`,
    ],
  },
  {
    recipe: 'HubSpot: a search by POST with a limited offset',
    api: contactsApi,
    variables: { HUBSPOT_TOKEN: 'hub' },
    records: { contacts: numbers(10_150).map((n) => [String(n), contactTime(n)]) },
    requests: [
      // A page begins with the last record of the one before.
      ...numbers(50).map((n) => search(1_767_225_600_000, (n - 1) * 199)),
      search(Date.parse(contactTime(9_951)), 0),
    ],
  },
  {
    recipe: 'Salesforce: an export as CSV',
    api: exportsApi,
    variables: { SALESFORCE_SECRET: 'secret' },
    records: { accounts: numbers(3).map((n) => [`00${n}`, stored(n)]) },
    requests: [
      'POST /services/oauth2/token grant_type=client_credentials&client_id=daybook&client_secret=secret',
      'POST /services/data/v65.0/jobs/query {"operation":"query","query":"SELECT Id, Name, SystemModstamp FROM Account WHERE SystemModstamp >= 2026-01-01T00:00:00Z"}',
      'GET /services/data/v65.0/jobs/query/750R',
      'GET /services/data/v65.0/jobs/query/750R',
      'GET /services/data/v65.0/jobs/query/750R/results',
      'GET /services/data/v65.0/jobs/query/750R/results?locator=Mg',
    ],
  },
  {
    recipe: 'OData: a filter and `@odata.nextLink`',
    api: invoicesApi,
    variables: { ERP_PASSWORD: 'erp' },
    polls: 2,
    records: { invoices: numbers(3).map((n) => [`R-${n}`, stored(n)]) },
    requests: [
      'GET /odata/v4/Invoices?$filter=ModifiedAt ge 2026-01-01T00:00:00Z&$orderby=ModifiedAt',
      'GET /odata/v4/Invoices?$skiptoken=2',
      'GET /odata/v4/Invoices?$filter=ModifiedAt ge 2026-11-03T08:00:00Z&$orderby=ModifiedAt',
    ],
  },
  {
    recipe: 'Orders with lines',
    api: linesApi,
    variables: { MASK_KEY: 'key' },
    records: {
      order_lines: [
        ['a4236f4724987802b79f173075802a48b4e3ad1a9a80f408954fc35a6290c38b', stored(1)],
        ['2743021cf354aade0688e85a7254c8bf70ba2c3959d6818b6e41b0a7ae339fa1', stored(2)],
      ],
    },
    requests: [
      'GET /api/orders?updated_after=2026-01-01T00:00:00Z&page=1',
      'GET /api/orders?updated_after=2026-01-01T00:00:00Z&page=2',
    ],
    first: { order: 1, sku: 'pen', total: 5, email: expect.stringMatching(/^hmac:[0-9a-f]{32}$/) as string },
  },
  {
    recipe: 'Elasticsearch: `search_after`',
    api: searchApi,
    variables: { SEARCH_PASSWORD: 'es' },
    records: { orders: numbers(5).map((n) => [`o${n}`, stored(Math.ceil(n / 2))]) },
    requests: [undefined, [1, 2], [2, 4], [3, 5]].map(hitsPage),
  },
  {
    recipe: 'SOAP: XML by POST',
    api: shipmentsApi,
    variables: { SOAP_KEY: 'soap-key' },
    records: {
      shipments: [
        ['S-1', stored(1)],
        ['S-2', stored(2)],
      ],
    },
    requests: [
      `POST /ShipmentService <?xml version="1.0" encoding="utf-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:s="urn:shipments">
  <soap:Body>
    <s:GetShipments><s:ApiKey>soap-key</s:ApiKey><s:From>2026-01-01T00:00:00Z</s:From></s:GetShipments>
  </soap:Body>
</soap:Envelope>
`,
    ],
    first: { number: 'S-1', weight: 1.5 },
  },
];
