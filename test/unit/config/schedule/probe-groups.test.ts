import { describe, expect, test } from 'vitest';
import { gridOfGroup, groupsBySource, isInGroup, probeGroups } from '../../../../src/config/schedule/probe-groups.ts';

const probed = (name: string, every = 60_000) => ({ name, schedule: { every, probe: true } as never });
const many = (count: number) => Array.from({ length: count }, (_, index) => probed(`source-${index}`));

describe('groups of probed sources', () => {
  test('hold the sources of one interval; others are in none', () => {
    const own = { name: 'own', schedule: { every: 60_000, probe: false } as never };
    const groups = probeGroups([
      probed('b'),
      own,
      probed('a'),
      probed('c', 90_000),
      { name: 'none', schedule: undefined },
    ]);
    expect(groups.map(({ name, sources }) => [name, sources])).toEqual([
      ['1m-0', ['a', 'b']],
      ['1m30s-0', ['c']],
    ]);
  });

  test('have at most 500 sources', () => {
    expect(probeGroups(many(500))).toHaveLength(1);
    const groups = probeGroups(many(5_000));
    expect(groups.flatMap(({ sources }) => sources)).toHaveLength(5_000);
    expect(Math.max(...groups.map(({ sources }) => sources.length))).toBeLessThanOrEqual(500);
    expect(groups.length).toBeLessThanOrEqual(16);
    const spread = new Set(groups.map((group) => gridOfGroup(group).offsetMs));
    expect(spread.size).toBeGreaterThan(groups.length / 2);
  });

  test('say of each source whether it is theirs, by whatever number of groups they were made with', () => {
    const sources = many(700);
    const [before, now] = [probeGroups(sources.slice(0, 400)), probeGroups(sources)];
    for (const groups of [before, now]) {
      for (const source of sources) expect(groups.filter((group) => isInGroup(source, group))).toHaveLength(1);
    }
    expect(groupsBySource(sources).size).toBe(700);
  });
});
