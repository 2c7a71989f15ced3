import { readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { SourceUnavailable, WrongShape, messageOf } from '../../domain/errors.ts';
import { compileSchema, type PayloadCheck } from '../../domain/json-schema.ts';
import type { SourcePlan } from '../../domain/source.ts';

/** The JSON Schemas of sources, each compiled once. */
export interface SchemaChecks {
  /** Null where the source has none. @throws SourceUnavailable, WrongShape */
  of(plan: SourcePlan, resolvePath: (path: string) => string): Promise<PayloadCheck | null>;
}

export function createSchemaChecks(): SchemaChecks {
  const compiled = new Map<string, PayloadCheck>();
  return {
    async of({ name, schema }, resolvePath) {
      if (schema === null) return null;
      const known = compiled.get(schema.hash);
      if (known) return known;
      let text: string;
      try {
        text = await readFile(resolvePath(schema.path), 'utf8');
      } catch (error) {
        throw new SourceUnavailable(`schema: ${name}: ${schema.path} cannot be read: ${messageOf(error)}`);
      }
      try {
        const check = compileSchema(JSON.parse(text));
        compiled.set(createHash('sha256').update(text).digest('hex').slice(0, 16), check);
        return check;
      } catch (error) {
        throw new WrongShape(`schema: ${name}: ${schema.path} is no JSON Schema: ${messageOf(error)}`);
      }
    },
  };
}
