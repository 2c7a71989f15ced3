import { isAlias, isCollection, isMap, isNode, isScalar, visit, type Document, type Node } from 'yaml';
import type { YamlFault } from './yaml-fault.ts';

/** Text that is valid YAML, but does not mean what its author intended. */
export function misreadings(document: Document): readonly YamlFault[] {
  const faults: YamlFault[] = [];
  const named = new Set<string>();
  const empty: { readonly anchor: string; readonly node: Node }[] = [];
  const say = (node: unknown, message: string) => {
    faults.push({ offset: (isNode(node) && node.range?.[0]) || 0, message });
  };
  visit(document, {
    Alias(_key, alias) {
      named.add(alias.source);
      if (alias.resolve(document) === undefined) {
        say(alias, 'an alias without an anchor; put a text that begins with * in quotes');
      }
    },
    Pair(_key, { key }) {
      if (isCollection(key)) {
        say(key, 'found a template in braces, which is not supported, expected a reference in quotes: "${env:NAME}"');
        return visit.BREAK;
      }
      if (isScalar(key) && typeof key.value === 'string' && hiddenSpace.test(key.value)) {
        say(key, 'found an unusual space character before this key, expected ordinary spaces');
        return visit.BREAK;
      }
      if (isScalar(key) && typeof key.value === 'string' && /^(?:\/\/|\/\*)/.test(key.value)) {
        say(key, `found ${key.value.slice(0, 2)} of a comment, expected # before it`);
        return visit.BREAK;
      }
      return undefined;
    },
    Node(_key, node) {
      if (isAlias(node)) return;
      if (node.tag !== undefined && /^!(?!!)/.test(node.tag)) say(node, tagMessage(node.tag));
      if (node.anchor !== undefined && !isMap(node) && isScalar(node) && node.value === null) {
        empty.push({ anchor: node.anchor, node });
      }
    },
  });
  for (const { anchor, node } of empty) {
    if (!named.has(anchor)) say(node, 'found a value that begins with &, expected quotes around it');
  }
  return faults.toSorted((a, b) => a.offset - b.offset);
}

/** Spaces that editors and web pages insert, and that YAML reads as letters. */
const hiddenSpace = /^[\u00a0\u2000-\u200b\u3000\ufeff]/;

/** Tags that other tools fill values in by; any other one may be a secret that begins with an exclamation mark. */
const tagsOfOthers = /^!(?:env|env_var|secret|include|vault|ref|sub|getenv|config)$/i;

function tagMessage(tag: string): string {
  return tagsOfOthers.test(tag)
    ? `found the tag ${tag}, which is not supported, expected a reference in quotes: "\${env:NAME}"`
    : 'found a value that begins with !, expected quotes around it';
}
