import { isObject } from '../../../domain/is-object.ts';
import { parseIso8601 } from '../../../domain/time/timestamp.ts';
import type { ApiDocument, Tree } from './api-document.ts';
import { scalarText } from '../scalar-text.ts';

/** How a page is made up from its schema. */
export interface SampleOptions {
  /** Whether times that may be null are null. */
  readonly nullableTimes: boolean;
  /** Whether a member called `next` is a token, not an address. */
  readonly nextIsToken: boolean;
  /** Whether records are left empty: only their list is looked for. */
  readonly emptyRecords?: boolean;
}

/** Schemas may refer to each other without end: lists that are deeper are not found, nor fields of records. */
const maxDepth = 5;
const maxRecordDepth = 3;
const maxProperties = 300;
const maxParts = 20_000;
/** The same where only a list is looked for, in each operation of a document. */
const maxPartsAround = 500;
/** Parts that a schema is composed of. */
const maxComposition = 8;
/** Lists of these names are the records, rather than others beside them. */
const recordNames =
  /^(?:data|items?|results?|records?|values?|entries|entities|list|rows|hits|content|objects|elements|features|resources)$/i;
const timeNames = /(?:_at|_on|At|On|[dD]ate|[tT]ime|[tT]imestamp|^ts|^created|^updated|^published)$/;
const start = Date.UTC(2026, 0, 1);

/** A page as its schema describes it, with records that differ; undefined if the schema says nothing. */
export function samplePage(document: ApiDocument, schema: unknown, options: SampleOptions): unknown {
  return new Sampler(document, options).value(schema, '', { depth: 0, index: 0, recordDepth: null });
}

/** A schema with the parts that it is composed of. */
export function mergedSchema(document: ApiDocument, schema: unknown, depth = 0): Tree {
  const own = document.at(schema);
  if (depth > maxComposition) return own;
  const alternatives = [own['oneOf'], own['anyOf']].flatMap((list) => {
    const first = document.list(list).find((one) => one['type'] !== 'null' && Object.keys(one).length > 0);
    return first === undefined ? [] : [first];
  });
  const parts = [...document.list(own['allOf']), ...alternatives].map((part) =>
    mergedSchema(document, part, depth + 1),
  );
  if (parts.length === 0) return own;
  const all = [...parts, own];
  const properties = all.flatMap((part) => Object.entries(document.at(part['properties'])));
  return {
    ...Object.fromEntries(all.flatMap((part) => Object.entries(part))),
    properties: Object.fromEntries(properties),
  };
}

interface Place {
  readonly depth: number;
  readonly index: number;
  /** Depth within an element of a list, whose own lists are left empty; null = outside. */
  readonly recordDepth: number | null;
}

class Sampler {
  readonly #document: ApiDocument;
  readonly #options: SampleOptions;
  readonly #maxParts: number;
  #parts = 0;

  constructor(document: ApiDocument, options: SampleOptions) {
    this.#document = document;
    this.#options = options;
    this.#maxParts = options.emptyRecords === true ? maxPartsAround : maxParts;
  }

  value(schema: unknown, name: string, place: Place): unknown {
    if (this.#isTooDeep(place) || ++this.#parts > this.#maxParts) return null;
    const own = mergedSchema(this.#document, schema);
    switch (typeOf(own)) {
      case 'array':
        return this.#list(own, name, place);
      case 'object':
        return this.#object(own, place);
      case 'boolean':
        return /more|next/i.test(name);
      case 'integer':
      case 'number':
        return this.#time(own, name, place) ?? numberOf(own, name, place);
      case 'string':
        return this.#text(own, name, place);
      default:
        return undefined;
    }
  }

  #list(schema: Tree, name: string, place: Place): unknown {
    if (place.recordDepth !== null) return [];
    // Of several lists the longest is taken.
    const count = name === '' || recordNames.test(name) ? 3 : 2;
    return Array.from({ length: count }, (_, index) =>
      this.value(schema['items'], name, { depth: place.depth + 1, index: index + 1, recordDepth: 0 }),
    );
  }

  #isTooDeep({ depth, recordDepth }: Place): boolean {
    return recordDepth === null ? depth > maxDepth : recordDepth > maxRecordDepth;
  }

  #object(schema: Tree, place: Place): unknown {
    if (place.recordDepth !== null && this.#options.emptyRecords === true) return {};
    const properties = Object.entries(this.#document.at(schema['properties'])).slice(0, maxProperties);
    const { depth, index, recordDepth } = place;
    const within = { index, depth: depth + 1, recordDepth: recordDepth === null ? null : recordDepth + 1 };
    return Object.fromEntries(
      properties.flatMap(([name, property]) => {
        const value = this.value(property, name, within);
        return value === undefined ? [] : [[name, value]];
      }),
    );
  }

  #text(schema: Tree, name: string, place: Place): unknown {
    const { enum: values } = schema;
    if (Array.isArray(values) && values.length > 0) return values[0];
    const time = this.#time(schema, name, place);
    if (time !== undefined) return time;
    const isLink = scalarText(schema['format']).startsWith('uri') || /ur[il]|link|href/i.test(name);
    if (/next/i.test(name) && place.recordDepth === null) {
      return isLink || !this.#options.nextIsToken ? 'https://example.com/?page=2' : 'token';
    }
    if (/cursor|token/i.test(name) && place.recordDepth === null) return 'token';
    return isLink ? `https://example.com/${place.index}` : `${name} ${place.index}`;
  }

  /** Undefined if the schema is no time. */
  #time(schema: Tree, name: string, { index }: Place): unknown {
    const written = timeOf(schema, name, index);
    return written !== undefined && this.#options.nullableTimes && isNullable(schema) ? null : written;
  }
}

function timeOf(schema: Tree, name: string, index: number): unknown {
  const format = scalarText(schema['format']);
  const iso = new Date(start + index * 86_400_000).toISOString();
  const isText = typeOf(schema) === 'string';
  if (format === 'date-time') return iso;
  if (format === 'date') return iso.slice(0, 10);
  const example = exampleOf(schema);
  if (isText && typeof example === 'string' && parseIso8601(example).ok) return iso;
  if (/^(?:unix|timestamp|epoch)/.test(format)) return isText ? iso : epochOf(example, index);
  if (!timeNames.test(name) || format === 'uuid' || (format !== '' && isText)) return undefined;
  if (isText) return example === undefined ? iso : example;
  return typeOf(schema) === 'integer' && !/^(?:run|elapsed|duration|uptime)/i.test(name)
    ? epochOf(example, index)
    : undefined;
}

function epochOf(example: unknown, index: number): number {
  return typeof example === 'number' && example > 1e8 ? example + index : start / 1_000 + index;
}

function numberOf(schema: Tree, name: string, { index }: Place): number {
  if (/pages?(?:_?count)?$/i.test(name) && /pages|count/i.test(name)) return 9;
  if (/^(?:current_?)?page$/i.test(name)) return 1;
  return Number(schema['minimum'] ?? 0) + index;
}

/** An example of the schema itself; undefined = there is none. */
function exampleOf({ example, examples }: Tree): unknown {
  if (example !== undefined) return example;
  return Array.isArray(examples) ? examples[0] : undefined;
}

function isNullable(schema: Tree): boolean {
  const { type } = schema;
  return schema['nullable'] === true || schema['x-nullable'] === true || (Array.isArray(type) && type.includes('null'));
}

function typeOf(schema: Tree): string | undefined {
  const { type, properties, items } = schema;
  if (Array.isArray(type)) return type.find((one) => one !== 'null') as string | undefined;
  if (typeof type === 'string') return type;
  if (isObject(properties) && Object.keys(properties).length > 0) return 'object';
  if (items !== undefined) return 'array';
  return schema['enum'] === undefined && schema['format'] === undefined ? undefined : 'string';
}
