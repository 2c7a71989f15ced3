import * as z from 'zod';
import { keysOfPath } from '../../formats/jmespath/path-names.ts';
import { sourceNamePattern } from '../../domain/plan/source-plan.ts';
import { duration, foundOf } from './units.ts';
import { namedPlaceholders, requestParts, type RequestProblem, type WrittenRequest } from './written-request.ts';
import { placeholdersIn } from '../../formats/template/parse-template.ts';

/** Values are part of the configuration: more of them belong into a source. */
const maxValues = 10_000;

const value = z.union([z.string().min(1), z.number(), z.boolean()], 'expected a text, a number, true or false');

const values = z
  .array(value)
  .min(1)
  .max(maxValues)
  .check((context) => {
    const seen = new Set<string>();
    for (const [index, one] of context.value.entries()) {
      const text = JSON.stringify(one);
      const message = `found ${text} twice, expected each value once`;
      if (seen.has(text)) context.issues.push({ code: 'custom', input: one, path: [index], message });
      seen.add(text);
    }
  });

const sourceName = z.string().regex(sourceNamePattern, {
  error: ({ input }) => `found "${String(input)}", expected the name of another source`,
});

const forEach = z
  .strictObject(
    {
      source: sourceName
        .optional()
        .describe(
          'Name of another source: one chain of requests for each record that it has stored since the last run.',
        ),
      values: values.optional().describe('One chain of requests for each of these values, at each run.'),
      revisit: duration(1)
        .optional()
        .describe('Records of `source` are requested again at each run until their `occurred_at` is older than this.'),
    },
    {
      error: ({ code, input }) =>
        code === 'invalid_type' ? `${foundOf(input)} expected { source: NAME } or { values: [eu, us] }` : undefined,
    },
  )
  .check((context) => {
    const { source, values: listed, revisit } = context.value;
    const problem = (message: string, path: string[] = []) =>
      context.issues.push({ code: 'custom', input: context.value, path, message });
    if (source === undefined && listed === undefined) {
      problem('found neither source nor values, expected one of them, e.g. { source: issues } or { values: [eu, us] }');
    }
    if (source !== undefined && listed !== undefined)
      problem('found both source and values, expected only one of them');
    if (source === undefined && revisit !== undefined)
      problem('found revisit without source, expected none', ['revisit']);
  });

/** A field of the parent: a name, or names with points between them. */
const field = z.string().check((context) => {
  if (keysOfPath(context.value) !== null) return;
  const message = `found "${context.value}", expected the name of a field such as id, or user.id`;
  context.issues.push({ code: 'custom', input: context.value, message });
});

/** Keys of sources that may be requested for each of several parents. */
export const forEachShape = {
  for_each: forEach
    .optional()
    .describe('What it is requested for: `${parent:PATH}` in the request is a field of the parent.'),
  parent: z
    .array(field)
    .min(1)
    .optional()
    .describe('Fields of the parent that are copied into each record, as `parent: { … }`.'),
  revisit: duration(1).optional().describe('Short for `for_each.revisit`.'),
};

/** The parts of a source that {@link forEachProblems} looks at. */
interface FannedOut {
  readonly for_each?: z.infer<typeof forEach> | undefined;
  readonly parent?: readonly string[] | undefined;
  readonly revisit?: number | undefined;
  readonly incremental?: unknown;
}

/** What does not fit together in a source. */
export function forEachProblems(source: FannedOut & WrittenRequest): RequestProblem[] {
  const { for_each: each, parent, revisit, incremental } = source;
  const problems: RequestProblem[] = [];
  if (!each) {
    for (const [key, given] of Object.entries({ parent, revisit })) {
      if (given !== undefined)
        problems.push({ path: [key], message: `found ${key} without for_each, expected for_each`, input: given });
    }
    return problems;
  }
  const isOne = (each.source === undefined) !== (each.values === undefined) && each.values?.length !== 0;
  if (isOne && !namedPlaceholders(source).has('parent') && !hasInvalid(source)) {
    const name = each.values ? 'value' : 'id';
    const message = `found for_each, but no \${parent:…} in the request, so that all requests would be the same; expected one in url, params, headers or body, such as \${parent:${name}}`;
    problems.push({ path: ['for_each'], message, input: each });
  }
  if (each.values && each.source === undefined) for (const problem of valueProblems(source)) problems.push(problem);
  if (revisit !== undefined && each.revisit !== undefined) {
    problems.push({
      path: ['revisit'],
      message: 'found revisit and for_each.revisit, expected only one of them',
      input: revisit,
    });
  } else if (revisit !== undefined && each.source === undefined) {
    problems.push({
      path: ['revisit'],
      message: 'found revisit without for_each.source, expected none',
      input: revisit,
    });
  }
  if (each.source !== undefined && incremental !== undefined) {
    const message =
      'found incremental beside for_each.source, expected none: the position is that of the parents; revisit requests them again';
    problems.push({ path: ['incremental'], message, input: incremental });
  }
  return problems;
}

/** Whether a placeholder is misspelt: it may be that of the parent. */
function hasInvalid(source: WrittenRequest): boolean {
  return placeholdersIn(requestParts(source)).some(({ placeholder }) => placeholder.kind === 'invalid');
}

/** A value has no fields: it is named `value`, or `@`. */
function valueProblems(source: FannedOut & WrittenRequest): RequestProblem[] {
  const named = placeholdersIn(requestParts(source)).flatMap(({ path, placeholder }): RequestProblem[] => {
    if (placeholder.kind !== 'placeholder' || placeholder.name !== 'parent' || !isField(placeholder.path)) return [];
    const message = `found ${placeholder.text}, but the parents are for_each.values, expected \${parent:value}`;
    return [{ path, message, input: placeholder.text }];
  });
  const copied = (source.parent ?? []).flatMap((name, index): RequestProblem[] => {
    if (!isField(name)) return [];
    const message = `found ${name}, but the parents are for_each.values, which have no fields; expected [value], for parent: { value: … } in each record`;
    return [{ path: ['parent', index], message, input: name }];
  });
  return [...named, ...copied];
}

function isField(path: string): boolean {
  return keysOfPath(path) !== null && path !== 'value';
}
