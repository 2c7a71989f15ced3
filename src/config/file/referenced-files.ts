import { dirname, extname, isAbsolute, resolve } from 'node:path';
import { isObject } from '../../domain/is-object.ts';
import { isObjectUrl } from '../../domain/storage/object-files.ts';
import { asWritten } from './as-written.ts';
import { completeSources } from './parse-config.ts';
import { parseYaml } from './yaml-file.ts';

/** The files that a configuration names, by their absolute paths; those that are somewhere else are left out. */
export function referencedFiles(text: string, configFile: string): readonly string[] {
  const yaml = parseYaml(text);
  if (yaml.problems.length > 0 || !isObject(yaml.value)) return [];
  const sources = completeSources(asWritten(yaml, yaml.value));
  // A private key is not kept in a bucket.
  const named = sources.flatMap((source) => {
    const tls = isObject(source?.['tls']) ? source['tls'] : {};
    return [source?.['schema'], source?.['module'], tls['cert'], tls['ca']];
  });
  const paths = named.filter((path): path is string => typeof path === 'string' && isBeside(path));
  return [...new Set(paths.map((path) => resolve(dirname(configFile), path)))];
}

function isBeside(path: string): boolean {
  return !isAbsolute(path) && !isObjectUrl(path) && !path.includes('${');
}

const codeExtensions = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'];

/** What a module imports by a relative path: the paths that each import may mean, of which one is there. */
export function importedFiles(text: string, file: string): readonly (readonly string[])[] {
  if (!codeExtensions.includes(extname(file))) return [];
  const found = text.matchAll(/(?:\bfrom|\bimport|\brequire)\s*\(?\s*(["'])(\.{1,2}\/[^"'\n]+)\1/g);
  return [...found].map(([, , name = '']) => {
    const path = resolve(dirname(file), name);
    if (extname(name) === '')
      return codeExtensions.flatMap((extension) => [path + extension, resolve(path, `index${extension}`)]);
    // TypeScript's own way to name a file by what it is compiled to.
    return /\.[cm]?js$/.test(name) ? [path, path.replace(/js$/, 'ts')] : [path];
  });
}
