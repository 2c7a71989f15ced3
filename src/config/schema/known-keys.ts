import * as z from 'zod';

/** The keys that a schema's objects may have at a path; of a union, those of all members that fit its `type`. */
export function knownKeys(schema: z.core.$ZodType, path: readonly PropertyKey[], value: unknown): string[] {
  const unwrapped = unwrap(schema);
  if (unwrapped instanceof z.ZodUnion) {
    const options = unwrapped.options as z.core.$ZodType[];
    const type = (value as { type?: unknown } | null | undefined)?.type;
    const fitting = options.filter((option) => typeLiteral(option) === type);
    return [...new Set((fitting.length > 0 ? fitting : options).flatMap((option) => knownKeys(option, path, value)))];
  }
  const [step, ...rest] = path;
  if (step === undefined) return unwrapped instanceof z.ZodObject ? Object.keys(unwrapped.shape) : [];
  const member = (value as Record<PropertyKey, unknown> | null | undefined)?.[step];
  if (unwrapped instanceof z.ZodObject) {
    const next = (unwrapped.shape as Record<PropertyKey, z.core.$ZodType>)[step];
    return next ? knownKeys(next, rest, member) : [];
  }
  if (unwrapped instanceof z.ZodArray) return knownKeys(unwrapped.element, rest, member);
  if (unwrapped instanceof z.ZodRecord) return knownKeys(unwrapped.valueType, rest, member);
  return [];
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return unwrap(schema.unwrap());
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return unwrap(schema.unwrap());
  return schema;
}

function typeLiteral(schema: z.core.$ZodType): unknown {
  const type: unknown = schema instanceof z.ZodObject ? schema.shape['type'] : undefined;
  return type instanceof z.ZodLiteral ? type.value : undefined;
}
