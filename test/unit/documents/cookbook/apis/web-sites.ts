import type { Asked, Answer, Trial } from '../recipe-run.ts';

const stored = (n: number) => `2026-11-0${n}T08:00:00.000000Z`;

/** A portal whose session ends after the first page. */
function portalApi() {
  let logins = 0;
  let pages = 0;
  return ({ path, query, headers, body }: Asked): Answer => {
    if (path === '/login') {
      const isRight = body === 'user=daybook&password=p%26ss';
      if (!isRight) return { status: 403, body: 'wrong password' };
      return { headers: { 'set-cookie': `sid=s${++logins}; Path=/; HttpOnly` }, body: '<h1>Welcome</h1>' };
    }
    const isOver = headers.cookie !== `sid=s${logins}` || (pages === 1 && logins === 1);
    if (isOver) return { headers: { 'content-type': 'text/html' }, body: '<form>Please sign in</form>' };
    pages++;
    const page = Number(query.get('page'));
    return { body: { more: page < 3, deliveries: [{ number: page, delivered_at: `2026-11-0${page}T08:00:00Z` }] } };
  };
}

/** Posts with a total in a header; a page beyond it is refused. */
function postsApi() {
  const posts = [1, 2, 3].map((id) => ({ id, modified: 'local', modified_gmt: `2026-11-0${id}T08:00:00` }));
  return ({ query }: Asked): Answer => {
    const fitting = posts.filter((post) => `${post.modified_gmt}Z` > (query.get('modified_after') ?? ''));
    const [page, pages] = [Number(query.get('page')), Math.ceil(fitting.length / 2)];
    if (page > pages) return { status: 400, body: { code: 'rest_post_invalid_page_number' } };
    const headers = { 'X-WP-Total': String(fitting.length), 'X-WP-TotalPages': String(pages) };
    return { headers, body: fitting.slice(page * 2 - 2, page * 2) };
  };
}

/** A list of posts, newest first; one more is there from the second poll on. */
function listingApi() {
  let asked = 0;
  const old = [4, 3, 2, 1];
  return ({ query, headers }: Asked): Answer => {
    if (!String(headers['user-agent']).startsWith('daybook by')) return { status: 429, body: {} };
    const all = ++asked > 2 ? [5, ...old] : old;
    const from = all.findIndex((n) => `t3_${n}` === query.get('after')) + 1;
    const taken = all.slice(from, from + 2);
    const children = taken.map((n) => ({
      kind: 't3',
      data: { name: `t3_${n}`, created_utc: Date.parse(`2026-11-0${n}T08:00:00Z`) / 1000 },
    }));
    return { body: { kind: 'Listing', data: { children, after: from + 2 < all.length ? `t3_${taken[1]}` : null } } };
  };
}

/** A sitemap of two pages. */
function siteApi() {
  return ({ path, origin }: Asked): Answer => {
    if (path === '/robots.txt') return { status: 404, body: '' };
    if (path === '/sitemap.xml') {
      const url = (n: number) => `<url><loc>${origin}/news/${n}</loc><lastmod>2026-11-0${n}T08:00:00Z</lastmod></url>`;
      return {
        headers: { 'content-type': 'application/xml' },
        body: `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${url(1)}${url(2)}</urlset>`,
      };
    }
    const html = `<main><article><h1>News ${path.at(-1)}</h1><div class="body">Text</div></article></main>`;
    return { headers: { 'content-type': 'text/html; charset=utf-8' }, body: html };
  };
}

const posts = 'GET /wp-json/wp/v2/posts?per_page=100&orderby=modified&order=asc';

export const webSites: readonly Trial[] = [
  {
    recipe: 'Login form',
    api: portalApi,
    variables: { PORTAL_PASSWORD: 'p&ss' },
    records: {
      deliveries: [
        ['1', stored(1)],
        ['2', stored(2)],
        ['3', stored(3)],
      ],
    },
    requests: [
      'POST /login user=daybook&password=p%26ss',
      'GET /api/deliveries?page=1',
      'GET /api/deliveries?page=2',
      'POST /login user=daybook&password=p%26ss',
      'GET /api/deliveries?page=2',
      'GET /api/deliveries?page=3',
    ],
  },
  {
    recipe: 'WordPress: posts',
    api: postsApi,
    polls: 2,
    records: {
      posts: [
        ['1', stored(1)],
        ['2', stored(2)],
        ['3', stored(3)],
      ],
    },
    requests: [
      `${posts}&modified_after=2026-01-01T00:00:00Z&page=1`,
      `${posts}&modified_after=2026-01-01T00:00:00Z&page=2`,
      `${posts}&modified_after=2026-11-02T08:00:00Z&page=1`,
    ],
  },
  {
    recipe: 'Reddit: newest first',
    api: listingApi,
    polls: 2,
    records: { programming: [4, 3, 2, 1, 5].map((n) => [`t3_${n}`, stored(n)]) },
    requests: [
      'GET /r/programming/new.json?limit=100',
      'GET /r/programming/new.json?limit=100&after=t3_3',
      'GET /r/programming/new.json?limit=100',
      'GET /r/programming/new.json?limit=100&after=t3_4',
    ],
  },
  {
    recipe: 'Sitemap: pages of a site',
    api: siteApi,
    records: {
      sitemap: [1, 2].map((n) => [`/news/${n}`, stored(n)]),
      articles: [1, 2].map((n) => [`/news/${n}`, stored(n)]),
    },
    requests: ['GET /sitemap.xml', 'GET /robots.txt', 'GET /news/1', 'GET /news/2'],
    first: { title: 'News 1', text: 'Text' },
  },
];
