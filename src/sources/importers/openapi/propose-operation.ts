import { WrongShape } from '../../../domain/errors.ts';
import { isObject } from '../../../domain/is-object.ts';
import type { Proposal } from '../../proposal/proposal.ts';
import { proposeJson } from '../../proposal/propose-json.ts';
import { cursorNames } from '../requests/page-names.ts';
import type { RequestKeys } from '../requests/request-keys.ts';
import { SecretVariables } from '../requests/secret-variables.ts';
import { asName } from '../source-name.ts';
import type { ApiDocument } from './api-document.ts';
import type { GivenValues } from './given-values.ts';
import { answerOf, type OperationAnswer } from './operation-answer.ts';
import { operationParams } from './operation-params.ts';
import { operationSecurity } from './operation-security.ts';
import { nameOf, type Operation } from './operations.ts';
import { samplePage, mergedSchema } from './sample-page.ts';
import { serverAddress } from './server-address.ts';

/** An operation as a source. */
export interface ProposedOperation {
  readonly name: string;
  readonly keys: RequestKeys;
  /** How its answer is read, by its schema. */
  readonly proposal: Proposal;
  readonly notes: readonly string[];
}

export interface OperationOptions {
  /** Of the source; undefined = after the operation. */
  readonly name: string | undefined;
  /** Address of the API; undefined = the document says it. */
  readonly server: string | undefined;
  /** Whether credentials are given otherwise. */
  readonly hasAuth: boolean;
}

/**
 * @throws UsageError for values that are missing, WrongShape for an answer that is no list of JSON objects
 */
export function proposeOperation(
  document: ApiDocument,
  operation: Operation,
  given: GivenValues,
  { name, server, hasAuth }: OperationOptions,
): ProposedOperation {
  const source = name ?? asName(operation.id?.replaceAll(/([a-z\d])([A-Z])/g, '$1-$2') ?? lastSegments(operation.path));
  const variables = new SecretVariables(source);
  const answer = answerOf(document, operation.node);
  const { base, others } = serverAddress(document, operation, given, server);
  const { path, params, headers, times } = operationParams(document, operation, given, variables);
  const none = { auth: null, headers: {}, params: {}, notes: [] };
  const security = hasAuth ? none : operationSecurity(document, operation, variables, base);
  const body = operation.method === 'POST' ? bodyOf(document, operation) : undefined;
  const keys: RequestKeys = {
    url: base + path,
    method: operation.method === 'POST' ? 'POST' : 'GET',
    params: { ...params, ...security.params },
    headers: { ...headers, ...security.headers },
    auth: security.auth,
    body,
    proxy: null,
    variables: variables.all,
  };
  const proposal = proposalOf(
    document,
    operation,
    answer,
    Object.keys(params).some((one) => cursorNames.test(one)),
  );
  return {
    name: source,
    keys,
    proposal,
    notes: [
      ...security.notes,
      ...(others.length === 0 ? [] : [`the document names other servers, too: ${others.slice(0, 5).join(', ')}`]),
      ...(body === undefined ? [] : ['the body is made of what the document says of it: complete it']),
      ...given.unused.map((unused) => `--param ${unused} is not used: the operation has no such parameter`),
      ...timeNote(times, proposal),
    ],
  };
}

/** `/repos/{owner}/{repo}/issues` as `issues`. */
function lastSegments(path: string): string {
  const plain = path.split('/').filter((part) => part !== '' && !part.includes('{') && !/^(?:api|v\d+)$/i.test(part));
  return plain.at(-1) ?? 'source';
}

function proposalOf(
  document: ApiDocument,
  operation: Operation,
  answer: OperationAnswer,
  nextIsToken: boolean,
): Proposal {
  const headers = answer.hasLink ? { link: '<https://example.com/?page=2>; rel="next"' } : {};
  const made = [true, false].map((nullableTimes) =>
    samplePage(document, answer.schema, { nullableTimes, nextIsToken }),
  );
  const proposals = [...made, answer.example].flatMap(
    (page) => proposeJson(page, headers as Record<string, string>) ?? [],
  );
  const dated = proposals.find(
    ({ source: { occurred_at: time } }) => typeof time === 'string' || (isObject(time) && 'path' in time),
  );
  const proposal = dated ?? proposals[0];
  if (proposal) return { ...proposal, source: { type: 'http_json', ...proposal.source } };
  const types = answer.types.length === 0 ? 'no content' : answer.types.join(', ');
  const isJson = answer.types.some((type) => /json|\*\/\*/i.test(type));
  throw new WrongShape(
    `init: ${nameOf(operation)} answers with ${isJson ? 'JSON without a list of objects' : types}, expected a list of JSON objects`,
  );
}

/** What a required body has by default, or as an example. */
function bodyOf(document: ApiDocument, { node }: Operation): unknown {
  const content = document.at(document.at(node['requestBody'])['content']);
  const type = Object.keys(content).find((name) => /[/+]json\b/i.test(name));
  const own = document.list(node['parameters']).find((one) => one['in'] === 'body');
  const media = document.isSwagger ? (own ?? {}) : document.at(type === undefined ? undefined : content[type]);
  if (media['example'] !== undefined) return media['example'];
  const schema = mergedSchema(document, media['schema']);
  if (schema['example'] !== undefined) return schema['example'];
  const properties = Object.entries(document.at(schema['properties'])).map(
    ([name, property]) => [name, document.at(property)['default']] as const,
  );
  return Object.fromEntries(properties.filter(([, value]) => value !== undefined));
}

function timeNote(times: readonly string[], { source }: Proposal): string[] {
  const [name] = times;
  const time = source['occurred_at'];
  if (name === undefined || typeof time !== 'string') return [];
  return [
    `for new records only, see whether the API compares ${name} with a time of its records: incremental: { cursor: ${time}, start_param: ${name} }`,
  ];
}
