import { describe, expect, test, vi } from 'vitest';
import type { BatchRef } from '../../../../src/domain/run/batch.ts';
import { RecentBatches } from '../../../../src/store/delivery/recent-batches.ts';
import { batchOf, records } from '../../sinks/records.ts';

function batch(hash: string, bytes = 1_000): BatchRef {
  return { ...batchOf([]), hash, bytes };
}

describe('RecentBatches', () => {
  test('gives a batch to each sink once: a repeated write reads the spool', () => {
    const recent = new RecentBatches();
    const kept = records(3);
    recent.keep(batch('a'), kept);
    expect(recent.take(batch('a'), 'postgres')).toBe(kept);
    expect(recent.take(batch('a'), 'postgres')).toBeNull();
    expect(recent.take(batch('a'), 'csv')).toBe(kept);
    expect(recent.take(batch('a'), 'csv')).toBeNull();
  });

  test('does not know a batch of another worker', () => {
    const recent = new RecentBatches();
    recent.keep(batch('a'), records(1));
    expect(recent.take(batch('b'), 'csv')).toBeNull();
  });

  test('gives a batch that was spooled again to both sinks again', () => {
    const recent = new RecentBatches();
    recent.keep(batch('a'), records(1));
    recent.take(batch('a'), 'csv');
    recent.keep(batch('a'), records(1));
    expect(recent.take(batch('a'), 'csv')).toHaveLength(1);
    expect(recent.take(batch('a'), 'postgres')).toHaveLength(1);
  });

  test('drops the oldest batches for a new one, and counts what their objects take as well', () => {
    const recent = new RecentBatches(10_000);
    for (const hash of ['a', 'b', 'c']) recent.keep(batch(hash, 1_000), records(15));
    expect(recent.take(batch('a'), 'csv')).toBeNull();
    expect(recent.take(batch('b'), 'csv')).toHaveLength(15);
    expect(recent.take(batch('c'), 'csv')).toHaveLength(15);
  });

  test('has the room of a batch again once both sinks have it', () => {
    const recent = new RecentBatches(10_000);
    recent.keep(batch('deferred'), records(1));
    for (let number = 0; number < 20; number++) {
      recent.keep(batch(`${number}`, 2_000), records(15));
      expect(recent.take(batch(`${number}`), 'csv')).toHaveLength(15);
      expect(recent.take(batch(`${number}`), 'postgres')).toHaveLength(15);
    }
    expect(recent.take(batch('deferred'), 'csv')).toHaveLength(1);
  });

  test('forgets a batch that is deferred, and one whose first write has not come for a minute', () => {
    vi.useFakeTimers();
    const recent = new RecentBatches();
    for (const hash of ['deferred', 'old']) recent.keep(batch(hash), records(1));
    recent.drop(batch('deferred'));
    vi.advanceTimersByTime(61_000);
    recent.keep(batch('new'), records(1));
    expect(['deferred', 'old', 'new'].map((hash) => recent.take(batch(hash), 'csv')?.length)).toEqual([
      undefined,
      undefined,
      1,
    ]);
    vi.useRealTimers();
  });

  test('keeps no batch that is larger than all it may hold', () => {
    const recent = new RecentBatches(10_000);
    recent.keep(batch('small'), records(1));
    recent.keep(batch('large', 20_000), records(1));
    expect(recent.take(batch('large'), 'csv')).toBeNull();
    expect(recent.take(batch('small'), 'csv')).toHaveLength(1);
  });
});
