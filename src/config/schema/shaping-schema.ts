import * as z from 'zod';
import { maskKinds } from '../../domain/plan/shaping-plan.ts';
import { compileTree, isPath } from '../../formats/jmespath/jmespath.ts';
import { parseKeyPath } from '../../formats/jmespath/key-path.ts';
import { conditionProblem, quotedTextProblem } from '../hints/condition-hint.ts';
import { expression } from './value-schemas.ts';

const keyPath = z
  .string()
  .refine((text) => parseKeyPath(text) !== null, { error: (issue) => keyPathProblem(String(issue.input)) })
  .meta({ title: 'path of keys' });

function keyPathProblem(text: string): string {
  return `found "${text}", expected a path of keys such as customer.phone; it leads into the elements of lists too, and "quotes" enclose other characters`;
}

/** The keys that are older than this check accept what they always did. */
const strictExpression = expression
  .check((context) => {
    const mistake = conditionProblem(context.value);
    if (mistake === null) return;
    context.issues.push({ code: 'custom', input: context.value, message: `found "${context.value}", ${mistake}` });
  })
  .meta({ title: 'JMESPath' });

/** An expression that is true or false. */
export const condition = strictExpression
  .check((context) => {
    const quoted = quotedTextProblem(context.value);
    if (quoted !== null) {
      context.issues.push({ code: 'custom', input: context.value, message: `found "${context.value}", ${quoted}` });
    }
    const compared = comparedText(context.value);
    if (compared === null) return;
    const message = `found "${context.value}", which compares the text '${compared}' by its order; JMESPath orders numbers only, so it would never be true`;
    context.issues.push({ code: 'custom', input: context.value, message });
  })
  .meta({ title: 'JMESPath' });

/** The text that an expression compares with `<` or `>`; null if it does not. */
function comparedText(written: string): string | null {
  try {
    return isPath(written) ? null : orderedText(compileTree(written));
  } catch {
    // That it is none is a problem of its own.
    return null;
  }
}

function orderedText(node: unknown): string | null {
  if (typeof node !== 'object' || node === null) return null;
  if ('type' in node && node.type === 'Comparator' && 'name' in node && /^[GL]T/.test(String(node.name))) {
    const { left, right } = node as { readonly left?: unknown; readonly right?: unknown };
    for (const side of [left, right]) {
      if (typeof side === 'object' && side !== null && 'value' in side && typeof side.value === 'string') {
        return side.value;
      }
    }
  }
  return Object.values(node).reduce<string | null>((found, member) => found ?? orderedText(member), null);
}

function hasKeys(value: object): boolean {
  return Object.keys(value).length > 0;
}

const reference = /^\$\{env:[A-Za-z_][A-Za-z0-9_]*\}$/;

/** Keys of every source that change its records before their ids and times are read. */
export const shapingShape = {
  explode: z
    .strictObject({
      path: strictExpression.describe('Path of the list in the record.'),
      keep: z
        .union(
          [z.array(keyPath), z.record(z.string().min(1), strictExpression)],
          'expected a list of fields, or an object with a JMESPath for each name',
        )
        .default([])
        .describe(
          'What each element gets of the record around it: a list of fields, which stay where they are, or `name: JMESPath`.',
        ),
    })
    .optional()
    .describe('Makes a record of each element of a list in the record. The first step of shaping.'),
  filter: condition
    .optional()
    .describe('Leaves out records for which it is not true. They count as `filtered`. After `explode`.'),
  map: z
    .record(z.string(), strictExpression)
    .refine(hasKeys, { error: 'found nothing, expected at least one field' })
    .refine((fields) => !Object.hasOwn(fields, ''), { error: 'found a field without a name, expected one' })
    .optional()
    .describe('The new record: a JMESPath for each of its fields; one that finds nothing is `null`. After `filter`.'),
  drop: z.array(keyPath).min(1).optional().describe('Paths of keys that are left out, in lists too. After `map`.'),
  mask: z
    .record(z.string(), z.enum(maskKinds))
    .refine(hasKeys, { error: 'found nothing, expected at least one field' })
    .check((context) => {
      for (const path of Object.keys(context.value)) {
        if (parseKeyPath(path) !== null) continue;
        context.issues.push({ code: 'custom', input: path, path: [path], message: keyPathProblem(path) });
      }
    })
    .optional()
    .describe(
      'Hides values by path of keys, in lists too: `redact` stores `[redacted]`, `hash` a keyed hash, `hmac:` and 32 hex digits. The last step.',
    ),
  mask_key: z
    .string()
    .refine((text) => reference.test(text), {
      error: 'found a key that is written in the file, expected a reference such as "${env:MASK_KEY}"',
    })
    .optional()
    .describe('Key of the hashes, as `"${env:NAME}"`. Required for `hash`.'),
};

export type ShapingConfig = { readonly [Key in keyof typeof shapingShape]?: z.infer<(typeof shapingShape)[Key]> };
