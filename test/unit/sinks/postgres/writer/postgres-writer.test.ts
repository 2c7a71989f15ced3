import { describe, expect, test } from 'vitest';
import { DataCorrupted, SinkMisconfigured, SinkUnavailable } from '../../../../../src/domain/errors.ts';
import type { SpooledRecord } from '../../../../../src/domain/run/record.ts';
import { createPostgresWriter } from '../../../../../src/sinks/postgres/writer/postgres-writer.ts';
import { fakePool, postgresError, type Answer, type FakePool } from '../fake-pool.ts';
import { batchOf, context, record, records } from '../../records.ts';

function writerOn(fake: FakePool) {
  const writer = createPostgresWriter({ pool: fake.pool, schema: 'public', prepare: true });
  return (content: readonly SpooledRecord[], signal = context.signal) =>
    writer.write(batchOf(content), content, { ...context, signal });
}

/** Throws these errors at the first inserts, one each. */
function failing(...errors: Error[]): Answer {
  return ({ kind }) => {
    if (kind !== 'insert') return undefined;
    const error = errors.shift();
    if (error) throw error;
    return undefined;
  };
}

/** Refuses chunks that hold one of these ids. */
function refusing(bad: (id: string) => string | null): Answer {
  return ({ ids }) => {
    for (const id of ids) {
      const code = bad(id);
      if (code !== null) throw postgresError(code, `refused ${id}`);
    }
    return undefined;
  };
}

const write = (answer: Answer, content: readonly SpooledRecord[]) => writerOn(fakePool(answer))(content);

describe('a statement timeout', () => {
  test('is left to the next attempt the first time', async () => {
    const fake = fakePool(failing(postgresError('57014')));
    const attempt = writerOn(fake);
    await expect(attempt(records(4))).rejects.toBeInstanceOf(SinkUnavailable);
    expect((await attempt(records(4))).counts).toMatchObject({ written: 4, refused: 0 });
    expect(fake.inserts()).toEqual(['0,1,2,3', '0,1,2,3']);
  });

  test('halves the chunk the second time, for good', async () => {
    const fake = fakePool(failing(postgresError('57014'), postgresError('57014'), postgresError('57P01')));
    const attempt = writerOn(fake);
    await expect(attempt(records(4))).rejects.toBeInstanceOf(SinkUnavailable);
    expect((await attempt(records(4))).counts).toMatchObject({ written: 4, refused: 0 });
    expect(fake.inserts()).toEqual(['0,1,2,3', '0,1,2,3', '0,1', '0,1', '2,3']);
  });

  test('of a single record is no reason to refuse it', async () => {
    const attempt = writerOn(
      fakePool(({ ids }) => {
        if (ids.includes('2')) throw postgresError('57014');
        return undefined;
      }),
    );
    for (let n = 0; n < 6; n++) await expect(attempt(records(4))).rejects.toBeInstanceOf(SinkUnavailable);
  });
});

describe('a stale prepared statement', () => {
  const stale = [
    postgresError('26000', 'prepared statement "daybook_insert" does not exist'),
    postgresError('42P05', 'prepared statement "daybook_insert" already exists'),
    postgresError('0A000', 'cached plan must not change result type'),
  ];

  test.each(stale)('is retried once, on a new connection: %s', async (error) => {
    const fake = fakePool(failing(error));
    expect((await writerOn(fake)(records(2))).counts.written).toBe(2);
    const [first, second, ...more] = fake.asked.filter(({ kind }) => kind === 'insert');
    expect(more).toEqual([]);
    expect(second?.connection).not.toBe(first?.connection);
  });

  test.each(stale)('is not retried twice: %s', async (error) => {
    const fake = fakePool(failing(error, error));
    await expect(writerOn(fake)(records(2))).rejects.toThrow(error.message);
    expect(fake.inserts()).toHaveLength(2);
  });
});

describe('a missing partition', () => {
  const missing = () => postgresError('23514', 'no partition of relation "raw_events" found for row');

  test('is made again and the chunk retried, five tries in all', async () => {
    const fake = fakePool(failing(missing(), missing(), missing(), missing()));
    expect((await writerOn(fake)(records(2))).counts.written).toBe(2);
    expect(fake.asked.map(({ kind }) => kind)).toEqual([
      'ensure',
      ...Array.from({ length: 4 }, () => ['insert', 'ensure']).flat(),
      'insert',
    ]);
  });

  test('that remains missing makes the sink unavailable, and refuses no record', async () => {
    const fake = fakePool(failing(...Array.from({ length: 9 }, missing)));
    await expect(writerOn(fake)(records(2))).rejects.toBeInstanceOf(SinkUnavailable);
    expect(fake.inserts()).toHaveLength(5);
  });

  test('of a day that was retired meanwhile makes its records expired', async () => {
    const content = [record('old'), record('new', { occurredAt: '2026-11-02T00:00:00.000000Z' })];
    let retired = false;
    const answer: Answer = ({ kind, ids, values }) => {
      if (kind === 'ensure' && retired && values[0] === '2026-11-01') throw postgresError('DB001', 'day is retired');
      if (kind === 'insert' && ids.includes('old')) {
        retired = true;
        throw missing();
      }
      return undefined;
    };
    expect((await write(answer, content)).counts).toMatchObject({ written: 1, expired: 1 });
  });
});

describe('a record that PostgreSQL cannot store', () => {
  test.each(['22003', '22P05', '54000', '23502'])(
    'is found and refused for %s, its neighbours are stored',
    async (code) => {
      const fake = fakePool(refusing((id) => (id === '5' ? code : null)));
      const { counts, refused } = await writerOn(fake)(records(8));
      expect(counts).toMatchObject({ written: 7, refused: 1 });
      expect(refused).toMatchObject([{ index: 5, record: { sourceId: '5' } }]);
      expect(refused[0]?.message).toContain(code);
      expect(fake.inserts()).toEqual(['0,1,2,3,4,5,6,7', '0,1,2,3', '4,5,6,7', '4,5', '4', '5', '6,7']);
    },
  );

  test('is refused for a check constraint, too', async () => {
    const answer: Answer = ({ ids }) => {
      if (ids.includes('1')) throw postgresError('23514', 'violates check constraint', 'payload_is_small');
      return undefined;
    };
    expect((await write(answer, records(3))).refused.map(({ index }) => index)).toEqual([1]);
  });

  test('is taken for a fault of configuration from 20 alike on, where they are over half of the batch', async () => {
    const refuseFrom = (first: number) => refusing((id) => (Number(id) >= first ? '22003' : null));
    await expect(write(refuseFrom(19), records(39))).rejects.toBeInstanceOf(SinkMisconfigured);
    expect((await write(refuseFrom(20), records(40))).refused).toHaveLength(20);
    expect((await write(refuseFrom(0), records(19))).refused).toHaveLength(19);
  });

  test('is taken for a fault of configuration whichever kind of error came first', async () => {
    const answer = refusing((id) => (id === '0' ? '22P05' : Number(id) <= 30 ? '22003' : null));
    await expect(write(answer, records(40))).rejects.toBeInstanceOf(SinkMisconfigured);
  });

  test('is no fault of configuration where the errors differ', async () => {
    const answer = refusing((id) => (Number(id) % 2 === 0 ? '22P05' : '22003'));
    expect((await write(answer, records(38))).refused).toHaveLength(38);
  });
});

describe('an error of the connection', () => {
  const broken = [
    postgresError('57P01', 'terminating connection due to administrator command'),
    postgresError('08006', 'connection failure'),
    postgresError('ECONNRESET', 'read ECONNRESET'),
    postgresError(undefined, 'Connection terminated unexpectedly'),
  ];

  test.each(broken)('is followed by one more try, on another connection: %s', async (error) => {
    const fake = fakePool(failing(error));
    expect((await writerOn(fake)(records(2))).counts).toMatchObject({ written: 2, duplicate: 0 });
    const [first, second, ...more] = fake.asked.filter(({ kind }) => kind === 'insert');
    expect(more).toEqual([]);
    expect(second?.connection).not.toBe(first?.connection);
  });

  test.each(broken)(
    'makes the sink unavailable the second time, and neither connection is used again: %s',
    async (error) => {
      const fake = fakePool(failing(error, error));
      const writeOn = writerOn(fake);
      await expect(writeOn(records(2))).rejects.toBeInstanceOf(SinkUnavailable);
      expect((await writeOn(records(2))).counts.written).toBe(2);
      const used = fake.asked.filter(({ kind }) => kind === 'insert').map(({ connection }) => connection);
      expect(new Set(used).size).toBe(3);
    },
  );
});

describe('other errors of the whole write', () => {
  test.each([
    ['40P01', SinkUnavailable],
    ['53100', SinkUnavailable],
    ['42P01', SinkMisconfigured],
    ['DB002', SinkMisconfigured],
    ['XX001', DataCorrupted],
  ])('%s', async (code, expected) => {
    const fake = fakePool(failing(postgresError(code)));
    await expect(writerOn(fake)(records(2))).rejects.toBeInstanceOf(expected);
    expect(fake.inserts()).toHaveLength(1);
  });
});

describe('a batch of several chunks', () => {
  test('names each chunk by its bounds, and tells how far it is', async () => {
    const fake = fakePool(() => undefined);
    const content = records(2_500);
    const rows: unknown[] = [];
    const writer = createPostgresWriter({ pool: fake.pool, schema: 'public', prepare: true });
    const { counts } = await writer.write(batchOf(content), content, {
      ...context,
      onProgress: (details) => rows.push(details),
    });
    expect(counts.written).toBe(2_500);
    const tokens = fake.asked.filter(({ kind }) => kind === 'insert').map(({ values }) => values[4]);
    expect(tokens).toEqual(['0-1000', '1000-2000', '2000-2500'].map((bounds) => `run/3/5f2c0a9be1d34477/${bounds}`));
    expect(rows).toEqual([{ rows: 1_000 }, { rows: 2_000 }, { rows: 2_500 }]);
  });

  test('stops between them with the reason of the signal', async () => {
    const abort = new AbortController();
    const reason = new Error('shutdown');
    const fake = fakePool(({ kind }) => {
      if (kind === 'insert') abort.abort(reason);
      return undefined;
    });
    await expect(writerOn(fake)(records(2_500), abort.signal)).rejects.toBe(reason);
    expect(fake.inserts()).toHaveLength(1);
  });
});

describe('a day that cannot have a partition', () => {
  const on = (id: string, day: string) => record(id, { occurredAt: `${day}T00:00:00.000000Z` });

  test('blocks only its own rows, which are stored once it is possible', async () => {
    let blocked = true;
    const fake = fakePool(({ kind, values }) => {
      if (kind !== 'ensure') return undefined;
      if (blocked && values[0] === '2026-11-02') throw postgresError('DB003', 'found it detached');
      return [{ made: false }];
    });
    const content = ['1', '1', '2', '1', '2', '3', '3', '3'].map((day, n) => on(String(n), `2026-11-0${day}`));
    const attempt = writerOn(fake);
    await expect(attempt(content)).rejects.toThrow(/2026-11-02.*found it detached/);
    expect(fake.inserts()).toEqual(['0,1', '3', '5', '6,7']);
    blocked = false;
    expect((await attempt(content)).counts).toMatchObject({ written: 8, refused: 0 });
  });

  test('found by the server first is queried again, and blocks no other', async () => {
    let missing = false;
    const fake = fakePool(({ kind, values, ids }) => {
      if (kind === 'ensure') {
        if (missing && values[0] === '2026-11-02') throw postgresError('DB003', 'found it detached');
        return [{ made: false }];
      }
      if (!ids.includes('1')) return undefined;
      missing = true;
      throw postgresError('23514', 'no partition of relation "raw_events" found for row');
    });
    const content = [on('0', '2026-11-01'), on('1', '2026-11-02'), on('2', '2026-11-01')];
    await expect(writerOn(fake)(content)).rejects.toThrow(/found it detached/);
    expect(fake.inserts()).toEqual(['0,1,2', '0', '2']);
  });
});
