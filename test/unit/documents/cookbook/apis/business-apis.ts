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
    `<sh:Shipment><sh:Number>S-${n}</sh:Number><sh:Changed>${day(n)}Z</sh:Changed><sh:Weight>${n}.50</sh:Weight></sh:Shipment>`;
  const envelope = (inside: string) =>
    `<?xml version="1.0"?><env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Body>${inside}</env:Body></env:Envelope>`;
  return ({ method, headers, body }: Asked): Answer => {
    const isRight = body.includes('<s:ApiKey>soap-key</s:ApiKey>') && headers.soapaction === 'urn:shipments/GetShipments';
    if (method !== 'POST' || !isRight) return { status: 500, body: envelope('<env:Fault/>') };
    return {
      headers: { 'content-type': 'text/xml; charset=utf-8' },
      body: envelope(
        `<sh:GetShipmentsResponse xmlns:sh="urn:shipments">${shipment(1)}${shipment(2)}</sh:GetShipmentsResponse>`,
      ),
    };
  };
}

export const businessApis: readonly Trial[] = [
  {
    recipe: 'Stripe: the id of the last record',
    api: chargesApi,
    variables: { STRIPE_KEY: 'sk_test' },
    polls: 2,
    records: { charges: [] },
    requests: [],
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
    requests: [],
  },
  {
    recipe: 'HubSpot: a search by POST with a limited offset',
    api: contactsApi,
    variables: { HUBSPOT_TOKEN: 'hub' },
    records: { contacts: [] },
    requests: [],
  },
  {
    recipe: 'Salesforce: an export as CSV',
    api: exportsApi,
    variables: { SALESFORCE_SECRET: 'secret' },
    records: {
      accounts: [
        ['001', stored(1)],
        ['002', stored(2)],
        ['003', stored(3)],
      ],
    },
    requests: [],
  },
  {
    recipe: 'OData: a filter and `@odata.nextLink`',
    api: invoicesApi,
    variables: { ERP_PASSWORD: 'erp' },
    polls: 2,
    records: {
      invoices: [
        ['R-1', stored(1)],
        ['R-2', stored(2)],
        ['R-3', stored(3)],
      ],
    },
    requests: [],
  },
  {
    recipe: 'Orders with lines',
    api: linesApi,
    variables: { MASK_KEY: 'key' },
    records: { order_lines: [] },
    requests: [],
    first: { order: 1, sku: 'pen', total: 5, email: expect.stringMatching(/^hmac:[0-9a-f]{32}$/) as string },
  },
  {
    recipe: 'Elasticsearch: `search_after`',
    api: searchApi,
    variables: { SEARCH_PASSWORD: 'es' },
    records: {
      orders: [
        ['o1', stored(1)],
        ['o2', stored(1)],
        ['o3', stored(2)],
        ['o4', stored(2)],
        ['o5', stored(3)],
      ],
    },
    requests: [],
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
    requests: [],
    first: { number: 'S-1', weight: 1.5 },
  },
];
