import { isObject } from '../../../domain/is-object.ts';
import { findList, type FoundList } from '../../proposal/find-list.ts';
import type { ApiDocument, Tree } from './api-document.ts';
import { samplePage } from './sample-page.ts';

/** What an operation answers if all is well. */
export interface OperationAnswer {
  /** Types of content that the document names. */
  readonly types: readonly string[];
  /** Undefined if the document names none for JSON. */
  readonly schema: unknown;
  /** An answer that the document shows; undefined if it shows none. */
  readonly example: unknown;
  /** Whether its headers have a `Link`. */
  readonly hasLink: boolean;
  /** Its list of objects; null = it has none. */
  readonly list: FoundList | null;
}

export function answerOf(document: ApiDocument, operation: Tree): OperationAnswer {
  const responses = document.at(operation['responses']);
  const status = Object.keys(responses)
    .filter((key) => /^2(?:\d\d|XX)$/i.test(key) || key === 'default')
    // 200 before 201, and `default` last.
    .toSorted((a, b) => (a < b ? -1 : 1))[0];
  const response = document.at(status === undefined ? undefined : responses[status]);
  const content = document.at(response['content']);
  const types = document.isSwagger ? producedBy(document, operation) : Object.keys(content);
  const json = types.find((type) => /[/+]json\b/i.test(type)) ?? types.find((type) => type === '*/*');
  const media = document.isSwagger || json === undefined ? {} : document.at(content[json]);
  const schema = document.isSwagger ? response['schema'] : media['schema'];
  const example = exampleOf(document, response, media, json);
  const headers = Object.keys(document.at(response['headers'])).map((name) => name.toLowerCase());
  const page =
    samplePage(document, schema, { nullableTimes: false, nextIsToken: false, emptyRecords: true }) ?? example;
  const list = findList(page) ?? findList(example);
  return { types, schema, example, hasLink: headers.includes('link'), list };
}

function producedBy({ root }: ApiDocument, operation: Tree): string[] {
  const types = operation['produces'] ?? root['produces'];
  return Array.isArray(types) ? types.map(String) : ['application/json'];
}

function exampleOf(document: ApiDocument, response: Tree, media: Tree, json: string | undefined): unknown {
  if (document.isSwagger) return json === undefined ? undefined : document.at(response['examples'])[json];
  if (media['example'] !== undefined) return media['example'];
  const [first] = Object.values(document.at(media['examples']));
  const { value } = document.at(first);
  return isObject(value) || Array.isArray(value) ? value : undefined;
}
