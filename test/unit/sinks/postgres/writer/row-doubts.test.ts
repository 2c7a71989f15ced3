import { describe, expect, test } from 'vitest';
import { SinkMisconfigured, SinkUnavailable } from '../../../../../src/domain/errors.ts';
import type { SpooledRecord } from '../../../../../src/domain/run/record.ts';
import { createPostgresWriter } from '../../../../../src/sinks/postgres/writer/postgres-writer.ts';
import { fakePool, postgresError, type Answer, type FakePool } from '../fake-pool.ts';
import { batchOf, context, records } from '../../records.ts';

function writerOn(fake: FakePool) {
  const writer = createPostgresWriter({ pool: fake.pool, schema: 'public', prepare: true });
  return (content: readonly SpooledRecord[]) => writer.write(batchOf(content), content, context);
}

/** An error inside a trigger, as `pg` throws it. */
function inTrigger(code: string, routine = 'parserOpenTable'): Error {
  const where = 'PL/pgSQL function audit_row() line 3 at SQL statement';
  return Object.assign(postgresError(code, `refused by ${code}`), { routine, where });
}
const raised = (code: string) => inTrigger(code, 'exec_stmt_raise');

/** Throws an error where a chunk holds one of these ids. */
function refusing(isBad: (id: number) => boolean, error: () => Error): Answer {
  return ({ kind, ids }) => {
    if (kind === 'insert' && ids.some((id) => isBad(Number(id)))) throw error();
    return undefined;
  };
}

describe('an error inside a trigger that may be a fault of configuration', () => {
  const bad = (...ids: number[]) =>
    refusing(
      (id) => ids.includes(id),
      () => inTrigger('42P01'),
    );

  test('is blamed on the row that fails alone if others are stored', async () => {
    const { counts, refused } = await writerOn(fakePool(bad(5)))(records(8));
    expect(counts).toMatchObject({ written: 7, refused: 1 });
    expect(refused).toMatchObject([{ index: 5 }]);
  });

  test('is blamed on several rows, in the order of the batch', async () => {
    const { counts, refused } = await writerOn(fakePool(bad(0, 600, 999, 1_400)))(records(1_500));
    expect(counts).toMatchObject({ written: 1_496, refused: 4 });
    expect(refused.map(({ index }) => index)).toEqual([0, 600, 999, 1_400]);
  });

  test.each([1, 2, 19])('that each of %s rows meets is that fault', async (count) => {
    const fake = fakePool(
      refusing(
        () => true,
        () => inTrigger('42P01'),
      ),
    );
    await expect(writerOn(fake)(records(count))).rejects.toBeInstanceOf(SinkMisconfigured);
  });

  test('that each row of a large batch meets is found to be that fault in a few statements', async () => {
    const fake = fakePool(
      refusing(
        () => true,
        () => inTrigger('42P01'),
      ),
    );
    await expect(writerOn(fake)(records(5_000))).rejects.toBeInstanceOf(SinkMisconfigured);
    expect(fake.inserts()).toHaveLength(6);
  });

  test('that begins in mid-batch refuses no row', async () => {
    const fake = fakePool(
      refusing(
        (id) => id >= 1_000,
        () => inTrigger('42P01'),
      ),
    );
    await expect(writerOn(fake)(records(2_500))).rejects.toBeInstanceOf(SinkMisconfigured);
    expect(fake.inserts().length).toBeLessThan(10);
  });

  test('is not blamed on a row if all stored rows were known before', async () => {
    const answer: Answer = ({ kind, ids }) => {
      if (kind !== 'insert') return undefined;
      if (ids.includes('3')) throw inTrigger('42P01');
      return [{ written: 0, first: true }];
    };
    await expect(writerOn(fakePool(answer))(records(8))).rejects.toBeInstanceOf(SinkMisconfigured);
  });

  test('that ends during the search refuses no row', async () => {
    let left = 4;
    const answer = refusing(
      (id) => id === 5 && left-- > 0,
      () => inTrigger('42P01'),
    );
    const { counts } = await writerOn(fakePool(answer))(records(8));
    expect(counts).toMatchObject({ written: 8, refused: 0 });
  });
});

describe('a trigger that refuses', () => {
  test.each(['P0001', '23514', 'XY001', '42501', 'DB002', '0A000'])(
    'a row with %s refuses that row, also alone',
    async (code) => {
      const answer = refusing(
        (id) => id === 5,
        () => raised(code),
      );
      const { counts, refused } = await writerOn(fakePool(answer))(records(8));
      expect(counts).toMatchObject({ written: 7, refused: 1 });
      expect(refused[0]?.message).toContain(code);
      const single = refusing(
        () => true,
        () => raised(code),
      );
      expect((await writerOn(fakePool(single))(records(1))).counts).toMatchObject({ refused: 1 });
    },
  );

  test.each(['40001', '55P03', '57014', '08006', '53100', 'XX000'])(
    'a row with %s, which passes elsewhere, is asked twice more before',
    async (code) => {
      const fake = fakePool(
        refusing(
          (id) => id === 5,
          () => raised(code),
        ),
      );
      const attempt = writerOn(fake);
      for (let n = 0; n < 2; n++) await expect(attempt(records(8))).rejects.toBeInstanceOf(SinkUnavailable);
      expect((await attempt(records(8))).counts).toMatchObject({ written: 7, refused: 1 });
    },
  );

  test('every row is found to do so in a few statements', async () => {
    const fake = fakePool(
      refusing(
        () => true,
        () => raised('P0001'),
      ),
    );
    const error = await writerOn(fake)(records(5_000)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SinkMisconfigured);
    expect((error as Error).message).toMatch(/all 40 tried records of a batch of 5000 .*P0001/);
    expect(fake.inserts().length).toBeLessThan(100);
  });

  test('four of five rows is noticed when over half of the batch was refused', async () => {
    const fake = fakePool(
      refusing(
        (id) => id % 5 !== 0,
        () => raised('P0001'),
      ),
    );
    await expect(writerOn(fake)(records(1_000))).rejects.toBeInstanceOf(SinkMisconfigured);
  });

  test('as many rows in succession as others are stored refuses just those', async () => {
    const fake = fakePool(
      refusing(
        (id) => id >= 200 && id < 600,
        () => raised('P0001'),
      ),
    );
    const { counts } = await writerOn(fake)(records(1_000));
    expect(counts).toMatchObject({ written: 600, refused: 400, duplicate: 0, expired: 0 });
  });
});

describe('an internal error', () => {
  test('that lasts is blamed on the row that fails alone if others are stored', async () => {
    const attempt = writerOn(
      fakePool(
        refusing(
          (id) => id === 5,
          () => postgresError('XX000', 'invalid geometry'),
        ),
      ),
    );
    for (let n = 0; n < 2; n++) await expect(attempt(records(8))).rejects.toBeInstanceOf(SinkUnavailable);
    expect((await attempt(records(8))).counts).toMatchObject({ written: 7, refused: 1 });
  });

  test('that every row meets makes the sink unavailable, however long', async () => {
    const attempt = writerOn(
      fakePool(
        refusing(
          () => true,
          () => postgresError('XX000'),
        ),
      ),
    );
    for (let n = 0; n < 6; n++) await expect(attempt(records(8))).rejects.toBeInstanceOf(SinkUnavailable);
  });
});

test('a row that takes too long does not block others', async () => {
  const fake = fakePool(
    refusing(
      (id) => id === 2,
      () => postgresError('57014'),
    ),
  );
  const attempt = writerOn(fake);
  // Two timeouts at each length, then one more for that row.
  for (let n = 0; n < 9; n++) await expect(attempt(records(8))).rejects.toBeInstanceOf(SinkUnavailable);
  const stored = new Set(fake.inserts().flatMap((ids) => (ids.split(',').includes('2') ? [] : ids.split(','))));
  expect([...stored].sort()).toEqual(['0', '1', '3', '4', '5', '6', '7']);
  expect(fake.inserts().at(-1)).toBe('2');
});
