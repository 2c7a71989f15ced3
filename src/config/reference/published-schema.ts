import * as z from 'zod';
import { fileFrame } from '../schema/file-schema.ts';
import { sourceSchemas } from '../schema/source-schemas.ts';

export type JsonSchema = Record<string, unknown>;

/** Where editors find it: the value of the line `# yaml-language-server: $schema=…`. */
export const publishedSchemaFile = 'schema/daybook.schema.json';

/**
 * The JSON Schema of `daybook.yaml`, for editors. It is laxer than `daybook check`: what a source may inherit from `defaults`
 * is not required in the source.
 */
export function publishedSchema(): JsonSchema {
  const { properties, ...frame } = schemaOf(fileFrame) as JsonSchema & { properties: JsonSchema };
  const found = sourceSchemas.map((schema) => schemaOf(schema));
  const definitions: JsonSchema = Object.fromEntries(
    found.flatMap((schema) => Object.entries(schema['definitions'] ?? {})),
  );
  const sources = found.map(({ definitions: _definitions, ...schema }) => sourceOf(schema));
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'daybook.yaml',
    definitions,
    ...frame,
    required: ['version', 'sources'],
    properties: {
      ...properties,
      defaults: { type: 'object', properties: defaultsOf(sources), additionalProperties: false },
      sources: { type: 'array', minItems: 1, items: { anyOf: sources } },
    },
  };
}

/** What a schema takes, as it is written in the file. */
export function schemaOf(schema: z.ZodType): JsonSchema {
  const options = { io: 'input', target: 'draft-7', unrepresentable: 'any', reused: 'inline' } as const;
  const { $schema: _, ...rest } = z.toJSONSchema(schema, options);
  return rest;
}

/** A source may take all but its name from `defaults`, and some of its keys have short forms. */
function sourceOf(schema: JsonSchema): JsonSchema {
  const properties = { ...(schema['properties'] as JsonSchema) };
  for (const key of ['occurred_at', 'paginator']) {
    if (properties[key] !== undefined)
      properties[key] = { anyOf: [{ type: 'string' }, withoutRequired(properties[key])] };
  }
  if (properties['schedule'] !== undefined) properties['schedule'] = withoutRequired(properties['schedule']);
  return { ...schema, properties, required: ['name'] };
}

function defaultsOf(sources: readonly JsonSchema[]): JsonSchema {
  const merged: Record<string, unknown> = {};
  for (const { properties } of sources) {
    for (const [key, value] of Object.entries(properties as JsonSchema)) if (key !== 'name') merged[key] ??= value;
  }
  return { ...merged, type: { enum: sources.map((source) => typeOf(source)) } };
}

function typeOf({ properties }: JsonSchema): unknown {
  return (properties as { type: { const: unknown } }).type.const;
}

function withoutRequired(schema: unknown): JsonSchema {
  const { required: _, ...rest } = schema as JsonSchema;
  return rest;
}
