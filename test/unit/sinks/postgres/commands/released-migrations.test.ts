import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** What `sha256sum --check schema/released-migrations.sha256` reads. */
const released = readFileSync('schema/released-migrations.sha256', 'utf8')
  .trim()
  .split('\n')
  .map((line) => line.split('  '))
  .map(([sum = '', file = '']) => ({ file, sum }));
const migrations = readdirSync('migrations').map((name) => `migrations/${name}`);

test.each(released)('$file is as it was released: databases have run it, so it never changes', ({ file, sum }) => {
  expect(createHash('sha256').update(readFileSync(file)).digest('hex')).toBe(sum);
});

test('released migrations come before all others', () => {
  const files = released.map(({ file }) => file);
  expect(files).toContain('migrations/0001_raw_events.sql');
  expect(migrations.toSorted().slice(0, files.length)).toEqual(files);
});

test('a release has the sums of all its migrations', () => {
  const [, newest = ''] = /^## (.+)$/m.exec(readFileSync('CHANGELOG.md', 'utf8')) ?? [];
  expect(newest).toMatch(/^\d+\.\d+\.\d+/);
  const isReleased = !newest.includes('unreleased');
  expect(released.length === migrations.length || !isReleased).toBe(true);
});
