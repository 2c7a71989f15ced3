import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const source = fileURLToPath(new URL('../../../src', import.meta.url));

/** Where a list is spread into the arguments of a call, unless it came as arguments itself. */
function spreadCalls(text: string): string[] {
  const restParameters = new Set(
    [...text.matchAll(/\(\s*(?:[^()]*,\s*)?\.\.\.(\w+)(?::|\) =>)/g)].map(([, name]) => name),
  );
  return [...text.matchAll(/\.\.\.([A-Za-z_]\w*|\()(:|\[|\) =>)?/g)].flatMap(({ index, 0: all, 1: name, 2: after }) => {
    const isParameter = after === ':' || after === ') =>';
    if (isParameter || restParameters.has(name) || !isArgument(text.slice(0, index))) return [];
    return [`${text.slice(0, index).split('\n').length}: ${text.slice(index, index + all.length + 40)}`];
  });
}

/** Whether the next text is directly in the round brackets of a call. */
function isArgument(before: string): boolean {
  let depth = 0;
  for (let at = before.length - 1; at >= 0; at--) {
    const character = before.charAt(at);
    if (')]}'.includes(character)) depth++;
    else if ('([{'.includes(character) && depth-- === 0) {
      return (
        character === '(' && /[\w)\]>]$/.test(before.slice(0, at)) && !/\bfunction\*? \w*$/.test(before.slice(0, at))
      );
    }
  }
  return false;
}

test('a spread into a call is seen, one into a list, an object or of arguments is not', () => {
  const seen = [
    'list.push(...more)',
    'Math.max(\n  0,\n  ...(await all()),\n)',
    'f(a, ...b.map((c) => c.d))',
    'new F(...g)',
  ];
  const fine = [
    'f([...a])',
    'f({ ...a, b })',
    'const [a, ...b] = c',
    'const f = (a: A, ...b: B[]) => g(...b)',
    '(...a) => f(...a)',
  ];
  expect(seen.map((text) => spreadCalls(text).length)).toEqual([1, 1, 1, 1]);
  expect(fine.flatMap(spreadCalls)).toEqual([]);
});

test('no list is spread into a call: of more than about 120,000 members the stack has no room', () => {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const found = files.flatMap((file) =>
    spreadCalls(readFileSync(join(source, file), 'utf8')).map((place) => `${file}:${place}`),
  );
  expect(found).toEqual([]);
});
