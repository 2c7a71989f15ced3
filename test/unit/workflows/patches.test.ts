import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { version } from '../../../src/config/version.ts';

const policy = readFileSync('docs/decisions/0007-patches.md', 'utf8');
const files = readdirSync('src/workflows', { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
);
const code = files.map((name) => readFileSync(`src/workflows/${name}`, 'utf8')).join('\n');
const named = (call: string) =>
  [...code.matchAll(new RegExp(`\\b${call}\\('([^']+)'\\)`, 'g'))].map(([, name = '']) => name);

interface Patch {
  readonly name: string;
  readonly since: string;
  readonly deprecated: string;
}
const table: Patch[] = [...policy.matchAll(/^\| `([a-z-]+)` +\| ([\d.]+) +\| `\w+` +\| ([\d.]+) +\|$/gm)].map(
  ([, name = '', since = '', deprecated = '']) => ({ name, since, deprecated }),
);

const changelog = readFileSync('CHANGELOG.md', 'utf8').matchAll(/^## (\d+\.\d+\.0)\b/gm);
/** Minor releases, the newest first. */
const releases = [...changelog].map(([, release = '']) => release);
/** How many minor releases ago it was; negative for one that is still to come. */
const age = (release: string) => {
  const found = releases.indexOf(release);
  return found === -1 ? -1 : found - releases.indexOf(version);
};

describe('the policy for patches', () => {
  test('lists each patch of the workflows', () => {
    const called = [...named('patched'), ...named('deprecatePatch')].toSorted();
    expect(called).toContain('settle-exactly');
    expect(table.map(({ name }) => name).toSorted()).toEqual([...new Set(called)]);
  });

  test('keeps the old branch for two releases, and not longer', () => {
    expect(age(version)).toBe(0);
    expect(table.filter(({ since }) => age(since) < 0)).toEqual([]);
    const due = table.filter(({ since }) => age(since) >= 2).map(({ name }) => name);
    expect(named('deprecatePatch').toSorted()).toEqual(due.toSorted());
    expect(table.filter(({ deprecated }) => age(deprecated) >= 0).map(({ name }) => name)).toEqual(due);
  });

  test('keeps the recorded histories of the two releases before this one', () => {
    const recorded = readdirSync('test/replay/histories').filter((release) => age(release) > 0);
    expect(recorded.toSorted()).toEqual(releases.filter((release) => [1, 2].includes(age(release))).toSorted());
  });
});
