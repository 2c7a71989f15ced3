import type { Asked, Answer, Trial } from '../recipe-run.ts';

const refused: Answer = { status: 401, body: { message: 'Bad credentials' } };

/** Issues in pages of two, in ascending order, linked by the `Link` header. */
function issuesApi() {
  const issues = [
    { id: 11, updated_at: '2026-11-01T08:00:00Z' },
    { id: 12, updated_at: '2026-11-02T08:00:00Z', pull_request: { url: 'x' } },
    { id: 13, updated_at: '2026-11-03T08:00:00Z' },
    { id: 14, updated_at: '2026-11-04T08:00:00Z' },
  ];
  return ({ path, query, headers, origin }: Asked): Answer => {
    if (headers.authorization !== 'Bearer gh-token') return refused;
    const fitting = issues.filter(({ updated_at }) => updated_at >= (query.get('since') ?? ''));
    const page = Number(query.get('page') ?? 1);
    const next = new URLSearchParams(query);
    next.set('page', String(page + 1));
    const link = `<${origin}${path}?${next.toString()}>; rel="next", <${origin}${path}?page=9>; rel="last"`;
    return { headers: page * 2 < fitting.length ? { link } : {}, body: fitting.slice(page * 2 - 2, page * 2) };
  };
}

/** Discussions, newest first, two on each page. A third one is there from the second poll on. */
function discussionsApi() {
  let asked = 0;
  const old = [4, 3, 2, 1].map((day) => ({ id: `D_${day}`, number: day, updatedAt: `2026-11-0${day}T08:00:00Z` }));
  const fresh = { id: 'D_5', number: 5, updatedAt: '2026-11-05T08:00:00Z' };
  return ({ headers, body }: Asked): Answer => {
    if (headers.authorization !== 'Bearer gh-token') return refused;
    const { variables } = JSON.parse(body) as { variables: { owner: string; name: string; after?: string } };
    const all = ++asked > 2 ? [fresh, ...old] : old;
    const from = variables.after === undefined ? 0 : Number(atob(variables.after));
    const pageInfo = { endCursor: btoa(String(from + 2)), hasNextPage: from + 2 < all.length };
    return { body: { data: { repository: { discussions: { nodes: all.slice(from, from + 2), pageInfo } } } } };
  };
}

const document = `query ($owner: String!, $name: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    discussions(first: 100, after: $after, orderBy: { field: UPDATED_AT, direction: DESC }) {
      nodes { id number title updatedAt author { login } }
      pageInfo { endCursor hasNextPage }
    }
  }
}
`;
const query = (variables: object) => `POST /graphql ${JSON.stringify({ query: document, variables })}`;

const issuesPath = 'GET /repos/OWNER/REPO/issues?state=all&sort=updated&direction=asc&per_page=100';

export const codeHosts: readonly Trial[] = [
  {
    recipe: 'GitHub: issues of a repository',
    api: issuesApi,
    variables: { GITHUB_TOKEN: 'gh-token' },
    polls: 2,
    records: {
      issues: [
        ['11', '2026-11-01T08:00:00.000000Z'],
        ['13', '2026-11-03T08:00:00.000000Z'],
        ['14', '2026-11-04T08:00:00.000000Z'],
      ],
    },
    requests: [
      `${issuesPath}&since=2026-01-01T00:00:00Z`,
      `${issuesPath}&since=2026-01-01T00:00:00Z&page=2`,
      `${issuesPath}&since=2026-11-04T08:00:00Z`,
    ],
  },
  {
    recipe: 'GitHub: discussions by GraphQL',
    api: discussionsApi,
    variables: { GITHUB_TOKEN: 'gh-token' },
    polls: 2,
    records: {
      discussions: [4, 3, 2, 1, 5].map((n) => [`D_${n}`, `2026-11-0${n}T08:00:00.000000Z`]),
    },
    requests: [
      query({ owner: 'OWNER', name: 'REPO' }),
      query({ owner: 'OWNER', name: 'REPO', after: 'Mg==' }),
      query({ owner: 'OWNER', name: 'REPO' }),
      query({ owner: 'OWNER', name: 'REPO', after: 'Mg==' }),
    ],
  },
];
