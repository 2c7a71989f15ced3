// The words of the glossary in CONTRIBUTING.md, found where they are avoided: in names, comments, texts, documents and file names.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { root } from '../freshness.js';
import { exceptions, names, phrases } from './avoided.js';
import { readSource } from './read-source.js';

const code = ['src', 'bench', 'scripts', 'test', 'deploy', 'examples'];
const documents = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'docs', 'deploy', 'examples'];
const codeTypes = ['.ts', '.js'];
const documentTypes = ['.md', '.yml', '.yaml', '.json', '.sh', '.tpl', '.txt', '.service'];

/** Where avoided words are: `file:line: "found", use …`. */
export function avoidedWords() {
  const inCode = code.flatMap((path) => filesIn(path, codeTypes)).flatMap((file) => [...wordsInCode(file, read(file))]);
  const inDocuments = documents
    .flatMap((path) => filesIn(path, documentTypes))
    .flatMap((file) => [...wordsInProse(file, proseOf(file, read(file)))]);
  return [...inCode, ...inDocuments];
}

/** @param {string} file @param {string} source of JavaScript or TypeScript */
export function* wordsInCode(file, source) {
  const { prose, names: used } = readSource(source);
  yield* wordsInProse(file, prose);
  const places = new Map(used.toReversed().map(({ name, at }) => [name, at]));
  const paths = file.replace(/\..*$/, '').split('/');
  for (const [name, at] of [...places, ...paths.map((part) => [part, 0])])
    for (const { found, use } of matches(file, wordsOf(name), names))
      yield `${file}:${lineAt(source, at)}: ${name} (${found}), use ${use}`;
}

/** @param {string} file @param {string} prose */
export function* wordsInProse(file, prose) {
  for (const { found, use, at } of matches(file, prose, phrases)) yield `${file}:${lineAt(prose, at)}: "${found}", use ${use}`;
}

function* matches(file, text, avoided) {
  for (const [pattern, use] of avoided) {
    for (const match of text.matchAll(new RegExp(pattern.source.replaceAll(' ', String.raw`\s+`), 'gi'))) {
      const found = match[0].replaceAll(/\s+/g, ' ');
      if (!exceptions.some((one) => one.file.test(file) && one.found.test(found.toLowerCase())))
        yield { found, use, at: match.index };
    }
  }
}

/** `mayGoOn`, `may-go-on` and `MAY_GO_ON` are `may go on`. */
function wordsOf(name) {
  return name
    .replaceAll(/(?<=[\p{Ll}\d])(?=\p{Lu})/gu, ' ')
    .replaceAll(/[_-]/g, ' ')
    .toLowerCase();
}

/** Released sections of the changelog stay as they were; marks of comments and tables separate no words of a phrase. */
function proseOf(file, text) {
  const current = file === 'CHANGELOG.md' ? text.split(/^(?=## )/m, 2).join('') : text;
  return current.replaceAll(/^\s*(?:#+|>|\/\/)/gm, (mark) => mark.replaceAll(/\S/g, ' '));
}

function filesIn(path, types) {
  if (statSync(join(root, path)).isFile()) return [path];
  return readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
    .map((file) => `${path}/${file.replaceAll('\\', '/')}`)
    .filter((file) => types.includes(extname(file)));
}

function read(file) {
  return readFileSync(join(root, file), 'utf8');
}

function lineAt(text, at) {
  return text.slice(0, at).split('\n').length;
}
