import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const architecture = readFileSync('docs/architecture.md', 'utf8');

/** States of the diagram below a heading, by the names that readers see. */
function statesBelow(heading: string): string[] {
  const section = architecture.split(/^### /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const [, diagram = ''] = /```mermaid\nstateDiagram-v2\n([\s\S]*?)```/.exec(section) ?? [];
  const names = new Map([...diagram.matchAll(/state "(.+)" as (\w+)/g)].map(([, name, id]) => [id, name]));
  const ids = [...diagram.matchAll(/^ *(\S+) --> (\S+)/gm)].flatMap(([, from = '', to = '']) => [from, to]);
  return [...new Set(ids)].filter((id) => id !== '[*]').map((id) => names.get(id) ?? id);
}

/** The members of a union of texts, or of a list in SQL, in a file. */
function textsIn(file: string, where: RegExp): string[] {
  const [, list = ''] = where.exec(readFileSync(file, 'utf8')) ?? [];
  return [...list.matchAll(/'([^']+)'/g)].map(([, text = '']) => text);
}

test('the diagram of a run has the phases that it shows', () => {
  const phases = textsIn('src/workflows/messages.ts', /phase: (.+);/);
  expect(phases).toContain('fetching');
  expect(statesBelow('A run').toSorted()).toEqual(phases.toSorted());
});

test('the diagram of a window has the counts of a backfill', () => {
  const [, counts = ''] =
    /windows: \{([\s\S]*?)\n {2}\};/.exec(readFileSync('src/workflows/messages.ts', 'utf8')) ?? [];
  const names = [...counts.matchAll(/readonly (\w+):/g)].map(([, name = '']) => name);
  expect(names).toContain('waiting');
  expect(statesBelow('A window of a backfill').toSorted()).toEqual([...names, 'cancelled'].toSorted());
});

test('the diagram of a day has the states that PostgreSQL keeps', () => {
  const kept = textsIn('migrations/0002_special_days.sql', /state in \((.+)\)\)/);
  expect(kept).toContain('pruning');
  expect(statesBelow('A day in PostgreSQL').toSorted()).toEqual([...kept, 'attached', 'retired'].toSorted());
});
