import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addCounts,
  addFetch,
  emptyTally,
  exceedsRejectRatio,
  imbalance,
  noCounts,
  outcomeOf,
  sumCounts,
  type RunEnd,
  type SinkCounts,
  type Tally,
} from '../../../../src/domain/run/receipt.ts';

const tally = (part: Partial<Tally>): Tally => ({ ...emptyTally, ...part });
const counts = (part: Partial<SinkCounts>): SinkCounts => ({ ...noCounts, ...part });
const over: RunEnd = { rateLimited: false, cutShort: false, notModified: false };

/** Splits a number into parts that add up to it. */
const split = (total: number, parts: number): fc.Arbitrary<number[]> =>
  fc.array(fc.nat(total), { minLength: parts - 1, maxLength: parts - 1 }).map((cuts) => {
    const edges = [0, ...cuts.sort((a, b) => a - b), total];
    return edges.slice(1).map((edge, index) => edge - (edges[index] ?? 0));
  });

const sinkCounts = (accepted: number) =>
  split(accepted, 5).map(([written = 0, duplicate = 0, refused = 0, expired = 0, deferred = 0]): SinkCounts => ({
    written,
    duplicate,
    refused,
    expired,
    deferred,
  }));

const balanced: fc.Arbitrary<Tally> = fc
  .tuple(fc.nat(50), fc.nat(50), fc.nat(50))
  .chain(([accepted, rejected, unchanged]) =>
    fc.tuple(sinkCounts(accepted), sinkCounts(accepted)).map(([csv, postgres]) => {
      const fetched = accepted + rejected + unchanged;
      return tally({ fetched, accepted, rejected, unchanged, csv, postgres });
    }),
  );

describe('imbalance', () => {
  test('finds none where fetched and accepted records are accounted for', () => {
    fc.assert(
      fc.property(balanced, (run) => {
        expect(imbalance(run)).toBeNull();
      }),
    );
    expect(imbalance(emptyTally)).toBeNull();
  });

  test('finds any single count that is off', () => {
    const field = fc.constantFrom('fetched', 'accepted', 'rejected', 'unchanged');
    const sinkField = fc.constantFrom('written', 'duplicate', 'refused', 'expired', 'deferred');
    const sink = fc.constantFrom('csv', 'postgres');
    const by = fc.constantFrom(-1, 1, 7);
    fc.assert(
      fc.property(balanced, field, by, (run, name, amount) => {
        expect(imbalance({ ...run, [name]: run[name] + amount })).not.toBeNull();
      }),
    );
    fc.assert(
      fc.property(balanced, sink, sinkField, by, (run, name, count, amount) => {
        const wrong = imbalance({ ...run, [name]: { ...run[name], [count]: run[name][count] + amount } });
        expect(wrong).toContain(name);
      }),
    );
  });

  test('takes no notice of pages, batches and repairs', () => {
    expect(imbalance(tally({ pages: 3, batches: 2, repaired: 1 }))).toBeNull();
  });
});

describe('outcomeOf', () => {
  const records = { fetched: 10, accepted: 10 };
  const new10 = counts({ written: 10 });
  const known10 = counts({ duplicate: 10 });

  test('is the first that applies', () => {
    const all = tally({ csv: counts({ deferred: 1 }), postgres: counts({ deferred: 1 }), rejected: 1 });
    expect(outcomeOf(all, { rateLimited: true, cutShort: true, notModified: true })).toBe('rate_limited');
    expect(outcomeOf(all, { ...over, cutShort: true, notModified: true })).toBe('deferred');
    expect(outcomeOf(tally({ rejected: 1, fetched: 1 }), { ...over, notModified: true })).toBe('partial');
    expect(outcomeOf(emptyTally, { ...over, cutShort: true })).toBe('partial');
    expect(outcomeOf(emptyTally, over)).toBe('empty');
    expect(outcomeOf(emptyTally, { ...over, notModified: true })).toBe('unchanged');
  });

  test('is deferred where either sink has put something off', () => {
    const postponed = counts({ written: 9, deferred: 1 });
    expect(outcomeOf(tally({ ...records, csv: postponed, postgres: new10 }), over)).toBe('deferred');
    expect(outcomeOf(tally({ ...records, csv: new10, postgres: postponed }), over)).toBe('deferred');
  });

  test('is partial where some records were rejected or pages left out, not where Postgres knew them', () => {
    const run = { fetched: 11, accepted: 10, csv: new10, postgres: new10 };
    expect(outcomeOf(tally({ ...run, rejected: 1 }), over)).toBe('partial');
    expect(outcomeOf(tally({ ...run, unchanged: 1 }), { ...over, cutShort: true })).toBe('partial');
    expect(outcomeOf(tally({ ...run, unchanged: 1 }), over)).toBe('ok');
  });

  test('is unchanged where nothing new came, and ok from one new record on', () => {
    expect(outcomeOf(tally({ fetched: 10, unchanged: 10 }), over)).toBe('unchanged');
    expect(outcomeOf(tally({ ...records, csv: new10, postgres: known10 }), over)).toBe('unchanged');
    const one = counts({ written: 1, duplicate: 9 });
    expect(outcomeOf(tally({ ...records, csv: new10, postgres: one }), over)).toBe('ok');
  });
});

describe('exceedsRejectRatio', () => {
  test('counts from 20 records on', () => {
    expect(exceedsRejectRatio(tally({ fetched: 19, rejected: 19 }), 0.5)).toBe(false);
    expect(exceedsRejectRatio(tally({ fetched: 20, rejected: 20 }), 0.5)).toBe(true);
  });

  test('allows the ratio itself', () => {
    expect(exceedsRejectRatio(tally({ fetched: 20, rejected: 10 }), 0.5)).toBe(false);
    expect(exceedsRejectRatio(tally({ fetched: 20, rejected: 11 }), 0.5)).toBe(true);
    expect(exceedsRejectRatio(tally({ fetched: 20, rejected: 1 }), 0)).toBe(true);
    expect(exceedsRejectRatio(tally({ fetched: 20, rejected: 0 }), 0)).toBe(false);
    expect(exceedsRejectRatio(tally({ fetched: 20, rejected: 20 }), 1)).toBe(false);
  });
});

describe('sums', () => {
  test('of balanced parts balance', () => {
    fc.assert(
      fc.property(balanced, balanced, (a, b) => {
        const sum = { ...addFetch(a, b), csv: addCounts(a.csv, b.csv), postgres: addCounts(a.postgres, b.postgres) };
        expect(imbalance(sum)).toBeNull();
        expect(sumCounts(sum.csv)).toBe(sumCounts(a.csv) + sumCounts(b.csv));
      }),
    );
  });

  test('add pages and repairs, and leave batches and sinks to others', () => {
    const before = tally({ pages: 2, repaired: 3, batches: 4, csv: counts({ written: 5 }) });
    const fetch = { fetched: 0, accepted: 0, rejected: 0, unchanged: 0, repaired: 7, pages: 1 };
    expect(addFetch(before, fetch)).toEqual({ ...before, pages: 3, repaired: 10 });
  });
});

describe('records that filter leaves out', () => {
  const end = { rateLimited: false, cutShort: false, notModified: false };
  const filtered = { ...emptyTally, fetched: 3, filtered: 3 };

  test('are part of what was fetched', () => {
    expect(imbalance(filtered)).toBeNull();
    expect(imbalance({ ...filtered, filtered: 2 })).toBe(
      'fetched 3 is not accepted 0 + rejected 0 + unchanged 0 + filtered 2',
    );
  });

  test('are not an empty source', () => {
    expect(outcomeOf(filtered, end)).toBe('ok');
    expect(outcomeOf({ ...filtered, fetched: 4, unchanged: 1 }, end)).toBe('unchanged');
    expect(outcomeOf(emptyTally, end)).toBe('empty');
  });

  test('are none where a tally of 0.2.0 does not count them', () => {
    const { filtered: _, ...old } = { ...emptyTally, filtered: 0 };
    const fetch = { fetched: 2, accepted: 0, rejected: 0, unchanged: 0, repaired: 0, pages: 1 };
    expect(addFetch(addFetch(old, fetch), { ...fetch, filtered: 2 })).toMatchObject({ fetched: 4, filtered: 2 });
    expect(addFetch(old, fetch)).not.toHaveProperty('filtered');
  });
});
