import { describe, expect, test } from 'vitest';
import { complaints, daybookYaml, file, http, problemsIn } from '../daybook-yaml.ts';

describe('broken YAML', () => {
  test.each([
    ['an open list', 'version: 1\nsources: [\n', 2],
    ['a tab as indentation', 'version: 1\nsources:\n\t- name: a\n', 3],
    ['a key twice', 'version: 1\nsources: []\nversion: 1\n', 3],
    ['two documents', 'version: 1\n---\nversion: 1\n', 2],
    ['an alias to nothing', 'version: 1\nsources: *nowhere\n', 2],
    ['broken JSON', '{\n"version": 1,\n"sources": [}\n}', 3],
  ])('(%s) is refused with its line', (_, text, line) => {
    const problems = problemsIn(text);
    expect(problems[0]).toMatchObject({ line, message: expect.stringMatching(/^not valid YAML/) as string });
  });

  test('(aliases that multiply) is refused without being spelled out', () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 12; level++) {
      const [name, below] = [level, level - 1].map((number) => String.fromCharCode(97 + number));
      bomb.push(`${name}: &${name} [${Array.from({ length: 10 }, () => `*${below}`).join(', ')}]`);
    }
    expect(complaints(['version: 1', ...bomb, 'sources: *l'].join('\n')).join()).toMatch(/alias/i);
  });

  test('(an alias inside its own anchor) is refused', () => {
    expect(problemsIn('version: 1\nsources: &s [*s]\n').length).toBeGreaterThan(0);
    expect(problemsIn(`version: 1\nsources: &s\n${file()}\n${http('params: *s')}\n`).length).toBeGreaterThan(0);
  });

  test('(nested 10,000 deep) is refused', () => {
    const deep = '['.repeat(10_000) + ']'.repeat(10_000);
    expect(problemsIn(daybookYaml([http(`body: ${deep}`)])).length).toBeGreaterThan(0);
  });
});
