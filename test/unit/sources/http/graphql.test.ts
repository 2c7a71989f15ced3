import { describe, expect, test } from 'vitest';
import { complaints, daybookYaml, http } from '../../config/daybook-yaml.ts';
import { pollSource, type Asked } from '../polled-source.ts';

const at = '2026-11-01T00:00:00Z';
const lines = [
  'type: graphql',
  'url: ORIGIN/graphql',
  'query: "query($after: String) { issues(after: $after) { nodes { id at } } }"',
  'variables: { after: "${cursor}", first: 2 }',
  'records: data.issues.nodes',
  'paginator: { type: cursor, cursor_path: data.issues.pageInfo.endCursor, has_more_path: data.issues.pageInfo.hasNextPage }',
];
const page = (ids: readonly number[], endCursor: string | null) => ({
  data: { issues: { nodes: ids.map((id) => ({ id, at })), pageInfo: { endCursor, hasNextPage: endCursor !== null } } },
});
const variablesOf = ({ json }: Asked) => (json as { variables: { after?: string } }).variables;

describe('a source of GraphQL', () => {
  test('posts its query and variables, and follows the cursor', async () => {
    const { ids, asked, end } = await pollSource(lines, (one) => ({
      body: variablesOf(one).after === undefined ? page([1, 2], 'c2') : page([3], null),
    }));
    expect(ids).toEqual(['1', '2', '3']);
    expect(end).toMatchObject({ cutShort: false });
    expect(asked.map(({ method, json }) => [method, json])).toEqual([
      ['POST', { query: expect.stringContaining('issues(after: $after)') as string, variables: { first: 2 } }],
      ['POST', { query: expect.any(String) as string, variables: { after: 'c2', first: 2 } }],
    ]);
    expect(asked[0]?.headers).toMatchObject({ 'content-type': 'application/json' });
  });

  test('never takes partial data for whole: errors in a 200 are a failed attempt', async () => {
    const body = { ...page([1], null), errors: [{ message: 'field secret is not allowed' }, { message: 'x' }] };
    await expect(pollSource(lines, () => ({ body }))).rejects.toThrow(
      'answered with errors, expected data only: field secret is not allowed (and 1 more)',
    );
    for (const errors of [[], null]) {
      expect((await pollSource(lines, () => ({ body: { ...page([1], null), errors } }))).ids).toEqual(['1']);
    }
  });

  test('keeps such a response as a dead letter where on_response says so, and is partial', async () => {
    const rule = 'on_response: [{ body_contains: "errors", action: dead_letter }]';
    const { ids, letters, end, state } = await pollSource([...lines, rule], (one) => ({
      body:
        variablesOf(one).after === undefined
          ? page([1, 2], 'c2')
          : { ...page([3], 'c3'), errors: [{ message: 'timeout' }] },
    }));
    expect(ids).toEqual(['1', '2']);
    expect(letters).toEqual(['wrong_shape: the query was answered with errors, expected data only: timeout']);
    expect(end).toMatchObject({ cutShort: true });
    expect(state.watermark).toBeNull();
    const whole = await pollSource([...lines, rule], () => ({ body: page([7], null) }));
    expect(whole).toMatchObject({ ids: ['7'], letters: [] });
  });

  test('writes values into a query as GraphQL writes texts', async () => {
    const { asked } = await pollSource(
      [
        'type: graphql',
        'url: ORIGIN/graphql',
        `query: '{ a(since: "\${since}", n: \${page}) { id at } }'`,
        'records: data.a',
        'paginator: page_number',
        'incremental: { cursor: at, initial_value: 2026-10-01 }',
      ],
      () => ({ body: { data: { a: [] } } }),
    );
    expect(asked[0]?.json).toEqual({ query: '{ a(since: "2026-10-01T00:00:00Z", n: 1) { id at } }', variables: {} });
  });

  test('needs a query', () => {
    expect(complaints(daybookYaml([http('type: graphql')]))).toEqual(['sources.0.query: is required: expected a text']);
  });
});
