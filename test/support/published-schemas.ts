import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { projectFolder } from './deploy/dockerfile.ts';

const compiled = new Map<string, ValidateFunction>();

/** What a schema of `test/support/schemas` says against a value; empty = valid. */
export function violations(schemaFile: string, value: unknown): readonly ErrorObject[] {
  const validate = compiled.get(schemaFile) ?? compile(schemaFile);
  compiled.set(schemaFile, validate);
  return validate(value) ? [] : (validate.errors ?? []);
}

function compile(schemaFile: string): ValidateFunction {
  const text = readFileSync(join(projectFolder, 'test', 'support', 'schemas', schemaFile), 'utf8');
  const schema = JSON.parse(text) as { $schema: string };
  const options = { strict: false, validateFormats: false };
  const ajv = schema.$schema.includes('2020-12') ? new Ajv2020(options) : new Ajv(options);
  return ajv.compile(schema);
}
