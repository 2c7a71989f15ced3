import { readFile } from 'node:fs/promises';
import { SourceUnavailable, messageOf } from '../../domain/errors.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import { schemaHash } from '../../formats/schema-hash.ts';

/** Texts of the JSON Schemas of sources, each read once. */
export interface SchemaTexts {
  /** Null if the source has none. @throws SourceUnavailable */
  of(plan: SourcePlan, resolvePath: (path: string) => string): Promise<string | null>;
}

/** @param kept gives the text with a hash where it is known without its file */
export function createSchemaTexts(kept: (hash: string) => string | undefined = () => undefined): SchemaTexts {
  const texts = new Map<string, string>();
  return {
    async of({ name, schema }, resolvePath) {
      if (schema === null) return null;
      const known = texts.get(schema.hash) ?? kept(schema.hash);
      if (known !== undefined) return known;
      try {
        const text = await readFile(resolvePath(schema.path), 'utf8');
        texts.set(schemaHash(text), text);
        return text;
      } catch (error) {
        throw new SourceUnavailable(`schema: ${name}: ${schema.path} cannot be read: ${messageOf(error)}`);
      }
    },
  };
}
