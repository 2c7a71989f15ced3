import { beginningOf } from '../../extraction/shown-start.ts';
import { parse } from 'yaml';
import { messageOf, WrongShape } from '../../../domain/errors.ts';
import { isObject } from '../../../domain/is-object.ts';
import { truncate } from '../../../domain/secrets/redact.ts';
import { scalarText } from '../scalar-text.ts';

export type Tree = Readonly<Record<string, unknown>>;

/** A longer chain of references leads in a cycle. */
const maxReferences = 30;
/** Aliases may repeat parts of a document, but not blow it up. */
const maxAliasCount = 1_000;
const expected = 'expected an OpenAPI 3 or Swagger 2.0 document, JSON or YAML';

/** An OpenAPI or Swagger document. */
export class ApiDocument {
  readonly root: Tree;
  /** Whether it is Swagger 2.0. */
  readonly isSwagger: boolean;
  /** Where it was fetched from; null = it is a file. */
  readonly address: string | null;

  /** @throws WrongShape if the text is none */
  constructor(text: string, address: string | null) {
    const root = treeOf(text);
    const swagger = scalarText(root['swagger']);
    const openapi = scalarText(root['openapi']);
    if (!/^2(?:\.|$)/.test(swagger) && !/^3(?:\.|$)/.test(openapi)) {
      const version = openapi === '' ? swagger : openapi;
      const found =
        version === '' ? `keys ${Object.keys(root).slice(0, 4).join(', ')}` : `version ${truncate(version, 20)}`;
      throw new WrongShape(`init: found ${found}, ${expected}`);
    }
    this.root = root;
    this.isSwagger = openapi === '';
    this.address = address;
  }

  /** An object of the document, by its reference if it is one; an empty one where it is absent, or in another file. */
  at(node: unknown): Tree {
    let found = node;
    for (let steps = 0; isObject(found) && typeof found['$ref'] === 'string'; steps++) {
      if (steps === maxReferences) return {};
      found = this.#referenced(found['$ref']);
    }
    return isObject(found) ? found : {};
  }

  list(node: unknown): readonly Tree[] {
    return Array.isArray(node) ? node.map((one) => this.at(one)) : [];
  }

  #referenced(reference: string): unknown {
    if (!reference.startsWith('#/')) return undefined;
    return reference
      .slice(2)
      .split('/')
      .map((part) => decoded(part).replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<unknown>((value, name) => {
        if (Array.isArray(value)) return value[Number(name)] as unknown;
        return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
      }, this.root);
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function treeOf(text: string): Tree {
  const plain = text.replace(/^\ufeff/, '');
  let root: unknown;
  try {
    root = /^\s*\{/.test(plain) ? JSON.parse(plain) : parse(plain, { maxAliasCount, logLevel: 'error' });
  } catch (error) {
    const why = messageOf(error).split('\n')[0] ?? '';
    throw new WrongShape(`init: found a text that is neither JSON nor YAML (${truncate(why, 120)}), ${expected}`);
  }
  if (isObject(root)) return root;
  const start = beginningOf(plain);
  throw new WrongShape(`init: found a text that begins "${start}", ${expected}`);
}
