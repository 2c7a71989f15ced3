import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { ComputeLimits } from '../../../../src/domain/plan/compute-limits.ts';
import type { HttpJsonPlan, SourcePlan } from '../../../../src/domain/plan/source-plan.ts';
import { createLocalCompute, type Compute } from '../../../../src/sources/compute/compute.ts';
import type { CheckOptions, Job, JobKind } from '../../../../src/sources/compute/job.ts';
import { SourceReader } from '../../../../src/sources/compute/source-reader.ts';
import { createThreadCompute } from '../../../../src/sources/compute/thread-compute.ts';
import type { PageItem } from '../../../../src/sources/extraction/page.ts';
import { filePlan, httpPlan } from '../plans.ts';
import { anyCharacter } from '../../../support/any-character.ts';

const pool = createThreadCompute();
/** All goes to threads, plain sources too. */
const threads: Compute = {
  run: async <K extends JobKind>(job: Extract<Job, { kind: K }>, ...rest: [ComputeLimits, AbortSignal | null]) =>
    pool.run<K>({ ...(job as Job), source: { ...job.source, isPlain: false } } as typeof job, ...rest),
  close: async () => pool.close(),
};
const local = createLocalCompute();
afterAll(async () => pool.close());

const fetchedAt = new Date('2026-11-23T12:00:00.000Z');
const numRuns = 150;

/** Numbers as text: some that a number of JavaScript would change. */
const numbers = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.constantFrom('9007199254740993', '1.10', '1e400', '-0', '123456789012345678901234567890', '0.1000000000000000055'),
);
const strings = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 8 }),
  fc.constantFrom('', 'a', '\u0000', '\ud800', '2026-11-01T00:00:00Z', 'é', '__proto__', 'constructor'),
);
/** JSON text. */
const { value: values } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    numbers,
    strings.map((text) => JSON.stringify(text)),
    fc.constantFrom('null', 'true', 'false'),
    fc.array(tie('value'), { maxLength: 3 }).map((list) => `[${list.join(',')}]`),
    fc
      .array(fc.tuple(strings, tie('value')), { maxLength: 3 })
      .map((members) => `{${members.map(([key, member]) => `${JSON.stringify(key)}:${member}`).join(',')}}`),
  ),
}));
const times = fc.constantFrom(
  '"2026-11-01T00:00:00Z"',
  '"2026-10-30T10:00:00.123456+02:00"',
  '1793491200',
  '"soon"',
  'null',
);
const records = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(values, times, values).map(([id, at, more]) => `{"id":${id},"at":${at},"more":${more}}`),
  },
  { weight: 1, arbitrary: values },
);
const plans = fc.record({
  id: fc.constantFrom(['id'], ['id', 'at'], ['more.id || id'], ["join('-', [to_string(id), at])"], ['length(more)']),
  incremental: fc.constantFrom(
    null,
    ...['at', 'more', "not_null(more, '2026-10-01T00:00:00Z')"].map((cursor) => ({
      cursor,
      format: 'iso8601',
      startParam: null,
      endParam: null,
      initialValue: null,
      lagMs: 0,
    })),
  ),
  occurredAt: fc.record({
    path: fc.constantFrom('at', 'more.at', 'not_null(at, more.at)'),
    format: fc.constantFrom('iso8601', 'epoch_s', 'yyyy-MM-dd'),
    timezone: fc.constantFrom('UTC', 'Europe/Vienna'),
    onMissing: fc.constantFrom('reject' as const, 'fetched_at' as const),
  }),
});
const schemas = fc.constantFrom(
  null,
  { required: ['id'], properties: { id: { type: ['integer', 'string'] }, more: { not: { type: 'array' } } } },
  {
    properties: {
      id: { pattern: '^(?:a|b)+$' },
      more: { uniqueItems: true, additionalProperties: { type: 'number' } },
    },
  },
);
const options = fc.record({
  number: fc.integer({ min: 1, max: 9 }),
  days: fc.constantFrom([], [[20_000, 20_003] as const]),
  makesDigests: fc.boolean(),
  hashPages: fc.boolean(),
  since: fc.constantFrom(null, 1_793_491_200_000_000n),
});

/** What both make of the same, or what they throw. */
async function both<T>(plan: SourcePlan, schema: object | null, work: (reader: SourceReader) => Promise<T>) {
  const text = schema && JSON.stringify(schema);
  const outcome = async (reader: SourceReader) =>
    work(reader).catch((error: unknown) => ({ type: (error as Error).constructor.name, message: String(error) }));
  return [
    await outcome(new SourceReader(plan, text, threads)),
    await outcome(new SourceReader(plan, text, local)),
  ] as const;
}

const responseOf = (text: string, type: string) => ({
  status: 200,
  headers: { 'content-type': type },
  url: 'http://origin/list',
  body: Buffer.from(text),
});

/** What differs between both; null = nothing does. */
async function difference<T>(plan: SourcePlan, schema: object | null, work: (reader: SourceReader) => Promise<T>) {
  const [there, here] = await both(plan, schema, work);
  return isDeepStrictEqual(there, here) ? null : { there, here };
}

describe('a thread has the same result as the main thread:', () => {
  test('pages of an API', async () => {
    const property = fc.asyncProperty(
      fc.array(records, { maxLength: 6 }),
      plans,
      schemas,
      options,
      async (list, plan, schema, check) => {
        const text = `{"items":[${list.join(',')}],"next":"/list?page=2"}`;
        const fields = { ...plan, records: 'items', paginator };
        expect(
          await difference(httpPlan(fields), schema, async (reader) => {
            reader.checksDocuments = check;
            return reader.format('*').read(responseOf(text, 'application/json'), fetchedAt, { place });
          }),
        ).toBeNull();
        // And where they are handed out before they are checked.
        expect(
          await difference(httpPlan(fields), schema, async (reader) => {
            const read = await reader.format('*').read(responseOf(text, 'application/json'), fetchedAt, { place });
            return [read.next, await reader.check({ items: read.items, fetchedAt }, check)];
          }),
        ).toBeNull();
      },
    );
    await fc.assert(property, { numRuns });
  });

  test('lines and rows of files', async () => {
    const lines = fc.array(fc.oneof(records, fc.constantFrom('{', 'nonsense', '7')), { maxLength: 6 });
    const cells = fc.array(
      fc.array(
        strings.map((text) => `"${text.replaceAll('"', '""')}"`),
        { maxLength: 4 },
      ),
      { maxLength: 5 },
    );
    const property = fc.asyncProperty(
      lines,
      cells,
      plans,
      schemas,
      options,
      async (texts, rows, plan, schema, check) => {
        const ofLines = texts.map((line, index): PageItem => ({ index: index + 1, line, path: 'in.ndjson' }));
        const table = { path: 'in.csv', marks: { delimiter: ',', quote: '"' }, columns: ['id', 'at', '__proto__'] };
        const ofRows = rows.map((fields, index): PageItem => ({ index: index + 2, row: fields.join(','), table }));
        for (const items of [ofLines, ofRows, [...ofLines, ...ofRows]]) {
          expect(
            await difference(filePlan(plan), schema, (reader) => reader.check({ items, fetchedAt }, check)),
          ).toBeNull();
        }
      },
    );
    await fc.assert(property, { numRuns });
  });

  test('JSON files, dead letters and stored records', async () => {
    const property = fc.asyncProperty(
      fc.array(records, { maxLength: 5 }),
      plans,
      schemas,
      async (list, plan, schema) => {
        const file = { path: 'in.json', absolutePath: '/in.json', body: Buffer.from(`[${list.join(',')}]`) };
        expect(
          await difference(filePlan({ ...plan, records: '@' }), schema, async (reader) => {
            const { items } = await reader.readFile(file);
            return reader.check({ items, fetchedAt }, { ...plain, number: 1 });
          }),
        ).toBeNull();
        expect(
          await difference(httpPlan(plan), schema, (reader) => {
            const letters = list.map((text) => ({
              reason: 'schema' as const,
              record: JSON.parse(text) as unknown,
              at: '2026-11-20T12:00:00.000Z',
            }));
            return reader.replay(letters, [], fetchedAt);
          }),
        ).toBeNull();
        const rows = list.map((payload) => ({ payload, stored: 1_793_491_200_000_000n }));
        expect(await difference(httpPlan(plan), schema, (reader) => reader.checkStored(rows))).toBeNull();
      },
    );
    await fc.assert(property, { numRuns });
  });

  test('what a source sends that it should not', async () => {
    for (const text of ['', 'nonsense', '[1', '{"items":7}', '{"items":null}', '<html>', '['.repeat(20_000)]) {
      expect(
        await difference(httpPlan({ records: 'items' }), null, (reader) => {
          reader.checksDocuments = { ...plain, number: 1 };
          return Promise.resolve(reader.format('*').read(responseOf(text, 'application/json'), fetchedAt, { place }));
        }),
      ).toBeNull();
    }
  });
});

const place = { page: 1, cursor: null };
const plain: Omit<CheckOptions, 'number'> = { days: [], makesDigests: true, hashPages: true, since: null };
const paginator = {
  type: 'json_link',
  nextUrlPath: 'next',
  hasMorePath: null,
  stopAfterEmptyPage: true,
  maxPages: null,
} satisfies HttpJsonPlan['paginator'];
