import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { documents } from '../../support/documents/documents.ts';

/** Folders of the repository whose files documents name. */
const roots = readdirSync('.', { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !['node_modules', 'dist', 'data', '.git', '.daybook'].includes(entry.name))
  .map(({ name }) => name.replace('.', String.raw`\.`));
const namedPath = new RegExp(String.raw`(?<![\w./$-])(?:${roots.join('|')})/[\w./<>*-]*`, 'g');

/** Paths of the repository in code spans and code blocks, up to a part that stands for several, such as `<type>`. */
function pathsIn(document: string): string[] {
  const code = readFileSync(document, 'utf8').matchAll(/```(?:\w*\n)?([\s\S]*?)```|`([^`\n]+)`/g);
  return [...code]
    .flatMap(([, block = '', span = '']) => [...`${block}${span}`.matchAll(namedPath)])
    .map(([path]) => path.replace(/[<*].*$/, '').replace(/[./]+$/, ''));
}

test.each(documents)('paths of the repository in %s exist', (document) => {
  expect(pathsIn(document).filter((path) => !existsSync(path))).toEqual([]);
});

test('paths are found in code spans and code blocks', () => {
  expect(pathsIn('docs/architecture.md')).toEqual(
    expect.arrayContaining(['src/workflows/scrape-run/scrape-run.ts', 'src/sinks', 'src/store/paths/paths.ts']),
  );
  expect(pathsIn('CONTRIBUTING.md')).toEqual(
    expect.arrayContaining(['src/cli', 'test/unit/sources', 'schema/daybook.schema.json']),
  );
});
