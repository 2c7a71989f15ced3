import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** Says what of a payload does not fit a schema, or null. */
export type PayloadCheck = (payload: unknown) => string | null;

const options: Options = { strict: false, allErrors: false, validateFormats: true, logger: false };

/**
 * Compiles a JSON Schema: draft 6 and 7, 2019-09 or 2020-12, as its `$schema` says.
 * @throws an error that says what is wrong with the schema
 */
export function compileSchema(schema: unknown): PayloadCheck {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) throw new TypeError('it is no object');
  const dialect = '$schema' in schema ? String(schema.$schema) : '';
  const ajv = /2020-12/.test(dialect)
    ? new Ajv2020(options)
    : /2019-09/.test(dialect)
      ? new Ajv2019(options)
      : new Ajv(options);
  // The package is CommonJS: its function is a property of what a module gets.
  const add = addFormats as unknown as { default: (ajv: unknown) => void };
  add.default(ajv);
  const validate: ValidateFunction = ajv.compile(schema);
  return (payload) => (validate(payload) ? null : describe(validate.errors?.[0]));
}

function describe(error: ErrorObject | undefined): string {
  if (!error) return 'does not fit the schema';
  const place = error.instancePath === '' ? 'the record' : error.instancePath.slice(1).replaceAll('/', '.');
  const detail = 'additionalProperty' in error.params ? ` ("${String(error.params['additionalProperty'])}")` : '';
  return `${place} ${error.message ?? 'does not fit'}${detail}`;
}
