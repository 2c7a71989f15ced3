// The words of the glossary in CONTRIBUTING.md, found where they are avoided: in names, comments, texts, documents and file names.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { root } from '../build-inputs.js';
import { exceptions, names, phrases } from './avoided.js';
import { readSource } from './read-source.js';

const code = ['src', 'bench', 'scripts', 'test', 'deploy', 'examples'];
const documents = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'docs', 'deploy', 'examples'];
const codeTypes = ['.ts', '.js'];
const documentTypes = ['.md', '.yml', '.yaml', '.json', '.sh', '.tpl', '.txt', '.service'];

/** A phrase may run over lines. */
const compiled = (list) =>
  list.map(([avoided, use]) => [new RegExp(avoided.source.replaceAll(' ', '\\s+'), 'gi'), use]);
const avoidedPhrases = compiled(phrases);
const avoidedNames = compiled(names);

/** Where avoided words are: `file:line: "found", use …`. */
export function avoidedWords() {
  return [
    ...filesIn(code, codeTypes).flatMap((file) => wordsInCode(file, read(file))),
    ...filesIn(documents, documentTypes).flatMap((file) => wordsInDocument(file, read(file))),
  ];
}

/** @param {string} file @param {string} source TypeScript or JavaScript */
export function wordsInCode(file, source) {
  const { prose, names: positions } = readSource(source);
  const inPath = file
    .replace(/\..*$/, '')
    .split('/')
    .map((part) => [part, 0]);
  const found = [...inPath, ...positions].flatMap(([name, at]) =>
    usesInstead(name)
      .filter(() => !isException(file, name))
      .map((use) => `${file}:${lineAt(source, at)}: ${name}, use ${use}`),
  );
  return [...found, ...wordsInProse(file, prose)];
}

/** Marks of comments and quotes at the start of a line separate no words; released sections of the changelog stay as they were. */
export function wordsInDocument(file, text) {
  const current = file === 'CHANGELOG.md' ? text.split(/^(?=## )/m, 2).join('') : text;
  return wordsInProse(
    file,
    current.replaceAll(/^\s*(?:#+|>|\/\/)/gm, (mark) => mark.replaceAll(/\S/g, ' ')),
  );
}

function wordsInProse(file, prose) {
  return avoidedPhrases.flatMap(([pattern, use]) =>
    [...prose.matchAll(pattern)]
      .map((match) => ({ text: match[0].replaceAll(/\s+/g, ' '), at: match.index }))
      .filter(({ text }) => !isException(file, text))
      .map(({ text, at }) => `${file}:${lineAt(prose, at)}: "${text}", use ${use}`),
  );
}

function isException(file, found) {
  return exceptions.some((one) => one.file.test(file) && one.found.test(found.toLowerCase()));
}

/** Most names occur in many files. @type {Map<string, string[]>} */
const known = new Map();

function usesInstead(name) {
  let uses = known.get(name);
  if (!uses) {
    const words = wordsOf(name);
    uses = avoidedNames.filter(([pattern]) => words.search(pattern) !== -1).map(([, use]) => use);
    known.set(name, uses);
  }
  return uses;
}

/** `mayGoOn`, `may-go-on` and `MAY_GO_ON` are `may go on`. */
function wordsOf(name) {
  return name
    .replaceAll(/(?<=[\p{Ll}\d])(?=\p{Lu})/gu, ' ')
    .replaceAll(/[_-]/g, ' ')
    .toLowerCase();
}

function filesIn(paths, types) {
  return paths.flatMap((path) => {
    if (statSync(join(root, path)).isFile()) return [path];
    return readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
      .map((file) => `${path}/${file.replaceAll('\\', '/')}`)
      .filter((file) => types.includes(extname(file)));
  });
}

function read(file) {
  return readFileSync(join(root, file), 'utf8');
}

function lineAt(text, at) {
  return text.slice(0, at).split('\n').length;
}
