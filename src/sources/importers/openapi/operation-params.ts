import { UsageError } from '../../../domain/errors.ts';
import { cursorNames, limitNames, offsetNames, pageNames } from '../requests/page-names.ts';
import type { Params } from '../requests/request-keys.ts';
import { isSecretName } from '../requests/secret-values.ts';
import { literal, type SecretVariables } from '../requests/secret-variables.ts';
import type { ApiDocument, Tree } from './api-document.ts';
import type { GivenValues } from './given-values.ts';
import { nameOf, type Operation } from './operations.ts';
import { scalarText } from '../scalar-text.ts';

/** What an operation is asked with. */
export interface OperationParams {
  readonly path: string;
  readonly params: Params;
  readonly headers: Readonly<Record<string, string>>;
  /** Parameters that ask for records from a time on. */
  readonly times: readonly string[];
}

interface Parameter {
  readonly name: string;
  readonly place: string;
  readonly isRequired: boolean;
  readonly schema: Tree;
  readonly node: Tree;
}

/** A larger page is seldom allowed. */
const usualLimit = 100;
const maxLimit = 1_000;
/** The source sends these itself. */
const ownHeaders = /^(?:accept|accept-encoding|authorization|content-type|user-agent|if-.*)$/i;
const timeParam =
  /^(?:since|from|start|(?:updated|modified|changed|created|published|start)[-_]?(?:since|after|at|from|min|date|time|gte?)?(?:\[gte?\])?)$/i;

/** @throws UsageError naming each parameter that is required and has no value */
export function operationParams(
  document: ApiDocument,
  operation: Operation,
  given: GivenValues,
  variables: SecretVariables,
): OperationParams {
  const all = parametersOf(document, operation);
  const missing: Parameter[] = [];
  const valueOf = (parameter: Parameter): readonly string[] | null => {
    const own = given.take(parameter.name) ?? (parameter.isRequired ? standing(parameter) : undefined);
    if (own === undefined && parameter.isRequired) missing.push(parameter);
    if (own === undefined) return null;
    const isSecret = isSecretName(parameter.name);
    return own.map((value) =>
      isSecret ? variables.replace(value, parameter.name, `parameter ${parameter.name}`) : literal(value),
    );
  };
  const path = operation.path.replaceAll(/(?<!\$)\{([^{}]+)\}/g, (_, name: string) => {
    const parameter = all.find((one) => one.place === 'path' && one.name === name);
    const [value = ''] = valueOf(parameter ?? { name, place: 'path', isRequired: true, schema: {}, node: {} }) ?? [];
    return value.startsWith('${env:') ? value : encodeURIComponent(value);
  });
  const query = all.filter(({ place }) => place === 'query');
  const headers = all.filter(({ place, name }) => place === 'header' && !ownHeaders.test(name));
  const params = Object.fromEntries(
    query.flatMap((parameter) => {
      const values = valueOf(parameter)?.map(asNumber) ?? pagingValue(parameter);
      if (values === null) return [];
      return [[parameter.name, values.length === 1 ? (values[0] ?? '') : values] as const];
    }),
  );
  const sent = headers.flatMap((parameter) => {
    const values = valueOf(parameter);
    return values === null ? [] : [[parameter.name, values.join(', ')] as const];
  });
  if (missing.length > 0) throw missingParameters(operation, missing);
  return {
    path,
    params,
    headers: Object.fromEntries(sent),
    times: query.map(({ name }) => name).filter((name) => timeParam.test(name) && !Object.hasOwn(params, name)),
  };
}

/** Those of the operation before those of its path. */
function parametersOf(document: ApiDocument, { node, item }: Operation): Parameter[] {
  const found = new Map<string, Parameter>();
  for (const one of [...document.list(node['parameters']), ...document.list(item['parameters'])]) {
    const { name, in: place } = one;
    if (typeof name !== 'string' || typeof place !== 'string' || found.has(`${place} ${name}`)) continue;
    const schema = document.isSwagger ? one : document.at(one['schema']);
    found.set(`${place} ${name}`, {
      name,
      place,
      isRequired: one['required'] === true || place === 'path',
      schema,
      node: one,
    });
  }
  return [...found.values()];
}

/** The value of a required parameter that no one has to name. */
function standing({ schema, node }: Parameter): readonly string[] | undefined {
  const { default: usual, enum: values } = schema;
  if (usual !== undefined && usual !== null) return [usual].flat().map(scalarText);
  if (schema['const'] !== undefined) return [scalarText(schema['const'])];
  return Array.isArray(values) && values.length === 1 && node['in'] !== 'path' ? [scalarText(values[0])] : undefined;
}

/** Values of the parameters that name pages, by which a paginator is found; null for all others. */
function pagingValue({ name, schema }: Parameter): readonly (string | number)[] | null {
  const { default: usual, minimum, maximum } = schema;
  const type = [schema['type']].flat().find((one) => one !== 'null');
  if (type === 'integer' || type === 'number') {
    if (pageNames.test(name)) return [(usual ?? minimum) === 0 ? 0 : 1];
    if (limitNames.test(name))
      return [Number(maximum) <= maxLimit ? Number(maximum) : Math.max(Number(usual ?? 0), usualLimit)];
    if (offsetNames.test(name)) return [0];
  }
  return cursorNames.test(name) && usual === undefined ? [''] : null;
}

function asNumber(text: string): string | number {
  return /^(?:0|[1-9]\d{0,14})$/.test(text) ? Number(text) : text;
}

function missingParameters(operation: Operation, missing: readonly Parameter[]): UsageError {
  const options = missing.map(({ name, schema, node }) => `--param ${name}=${placeholder(schema, node)}`);
  const names = missing.map(({ name, place }) => `${name} (${place})`);
  return new UsageError(`--operation ${nameOf(operation)}: needs ${names.join(', ')}: add ${options.join(' ')}`);
}

function placeholder(schema: Tree, node: Tree): string {
  const { enum: values } = schema;
  const example = node['example'] ?? schema['example'] ?? (Array.isArray(values) ? values[0] : undefined);
  return typeof example === 'string' || typeof example === 'number' ? String(example) : 'VALUE';
}
