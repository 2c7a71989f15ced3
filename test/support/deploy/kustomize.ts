import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { projectFolder } from './dockerfile.ts';

const kubernetes = join(projectFolder, 'deploy', 'kubernetes');

interface Kustomization {
  readonly namespace?: string;
  readonly resources: readonly string[];
  readonly configMapGenerator?: readonly { readonly name: string; readonly files: readonly string[] }[];
}

export function readKustomization(...path: string[]): Kustomization {
  return parse(readFileSync(join(kubernetes, ...path, 'kustomization.yaml'), 'utf8')) as Kustomization;
}

/** The base's objects as text, in the namespace of an overlay: what `kubectl kustomize` prints, but for hashes and labels. */
export function renderOverlay(name: string): string {
  const { namespace } = readKustomization('overlays', name);
  return readKustomization('base')
    .resources.map((file) => readFileSync(join(kubernetes, 'base', file), 'utf8'))
    .map((text) => text.replace(/^metadata:\n( {2}name: \S+\n)/m, `metadata:\n$1  namespace: ${namespace}\n`))
    .join('---\n');
}

/** The same as objects. */
export function readObjects<T>(name: string): T[] {
  return parseAllDocuments(renderOverlay(name)).map((document) => document.toJS() as T);
}
