import { createRequire } from 'node:module';
import type * as draft7 from 'ajv';
import type { ErrorObject, Options, ValidateFunction } from 'ajv';
import type * as draft2019 from 'ajv/dist/2019.js';
import type * as draft2020 from 'ajv/dist/2020.js';
import type * as formats from 'ajv-formats';
import { compilePattern } from './pattern/pattern.ts';

/** Says what of a payload does not fit a schema, or null. */
export type PayloadCheck = (payload: unknown) => string | null;

const require = createRequire(import.meta.url);

/** What Ajv makes of `pattern` and `patternProperties`. */
const regExp = Object.assign(
  (source: string) => {
    const pattern = compilePattern(source);
    return { test: (text: string) => pattern.test(text), toString: () => `/${source}/u` };
  },
  // How code that Ajv writes out would name it; none is.
  { code: 'compilePattern' },
);

const options: Options = { strict: false, allErrors: false, validateFormats: true, logger: false, code: { regExp } };

/** Whatever a schema says of these, it says at once. */
const samples: readonly unknown[] = [{}, [], '', 0, true, null];

/**
 * Compiles a JSON Schema: draft 6 and 7, 2019-09 or 2020-12, as its `$schema` says.
 * @throws an error that says what is wrong with the schema
 */
export function compileSchema(schema: unknown): PayloadCheck {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema))
    throw new TypeError('it is not an object');
  const dialect = dialectOf('$schema' in schema ? String(schema.$schema) : '');
  const ajv = createAjv(dialect, { ...options, validateSchema: false });
  const validate = unlessTooDeep(() => {
    checkerOf(dialect).validateSchema(schema, true);
    return ajv.compile(schema);
  });
  if (!validate || samples.some((sample) => fits(validate, sample) === null)) {
    throw new TypeError('it has an endless reference to itself, nests too deep or is too large');
  }
  return (payload) => {
    const isFit = fits(validate, payload);
    if (isFit === null) return 'the schema refers to itself so often that checking this record does not end';
    return isFit ? null : describe(validate.errors?.[0]);
  };
}

type Dialect = 'draft7' | '2019-09' | '2020-12';
type Validator = ReturnType<typeof createAjv>;

function dialectOf(named: string): Dialect {
  if (/2020-12/.test(named)) return '2020-12';
  return /2019-09/.test(named) ? '2019-09' : 'draft7';
}

const checkers = new Map<Dialect, Validator>();

/** Checks schemas only: it compiles the schema of schemas, which costs more than most schemas, once. */
function checkerOf(dialect: Dialect): Validator {
  const checker = checkers.get(dialect) ?? createAjv(dialect, options);
  checkers.set(dialect, checker);
  return checker;
}

/** Ajv takes long to load, and most sources have no schema. */
function createAjv(dialect: Dialect, chosen: Options) {
  const { Ajv } = require('ajv') as typeof draft7;
  const { Ajv2019 } = require('ajv/dist/2019.js') as typeof draft2019;
  const { Ajv2020 } = require('ajv/dist/2020.js') as typeof draft2020;
  const byDialect = { draft7: Ajv, '2019-09': Ajv2019, '2020-12': Ajv2020 };
  const ajv = new byDialect[dialect](chosen);
  const { default: addFormats } = require('ajv-formats') as unknown as { default: formats.FormatsPlugin };
  addFormats(ajv);
  return ajv;
}

function fits(validate: ValidateFunction, value: unknown): boolean | null {
  return unlessTooDeep(() => validate(value));
}

/** What `work` gives; null if the stack overflows. */
function unlessTooDeep<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function describe(error: ErrorObject | undefined): string {
  if (!error) return 'does not fit the schema';
  const place = error.instancePath === '' ? 'the record' : error.instancePath.slice(1).replaceAll('/', '.');
  const detail = 'additionalProperty' in error.params ? ` ("${String(error.params['additionalProperty'])}")` : '';
  return `${place} ${error.message ?? 'does not fit'}${detail}`;
}
