import type { KeptRecord } from '../../domain/dead-letters/dead-letter.ts';
import { hidesValues } from '../../domain/plan/shaping-plan.ts';
import type { HttpPlan } from '../../domain/plan/source-plan.ts';
import { mask as redacted } from '../../domain/secrets/redact.ts';
import { parseJson, writeJson } from '../../formats/exact-json.ts';
import { overlap, type Keys } from '../../formats/jmespath/expression-keys.ts';
import { changeAt, parseKeyPath } from '../../formats/jmespath/key-path.ts';
import { placesBefore, readable } from '../../formats/jmespath/places-before.ts';
import { placeholdersIn } from '../../formats/template/parse-template.ts';
import { textForDeadLetter } from '../extraction/extract-record.ts';
import { maskAgain } from '../extraction/shaping/mask-record.ts';
import { withheld } from '../extraction/shaping/kept-record.ts';

/**
 * What a dead letter keeps of a parent. The mask of the source holds for what is copied from a parent, so it holds here. Where requests or
 * shaping read what it hides, a replay could not do the same as the run.
 */
export function keptParent(plan: HttpPlan, parent: string): KeptRecord {
  const open = `{"parent":${parent}}`;
  const fields = hidesValues(plan) ? hiddenFields(plan) : [];
  if (fields.length === 0) return kept(open);
  const { value, exact } = parseJson(open);
  const hidden = fields.reduce((left, { keys, change }) => changeAt(left, keys, change), value);
  if (hidden === value) return kept(open);
  const recordText = textForDeadLetter(writeJson(hidden, exact));
  if (!fields.some(({ keys }) => isRead(plan, keys))) return { recordText, shaped: true };
  return { ...withheld(open), recordText };
}

function kept(open: string): KeptRecord {
  // The mask of the parents' source writes the same text as the redaction of secrets.
  return { recordText: textForDeadLetter(open), ...(open.includes(redacted) ? { shaped: true } : {}) };
}

/** The places in a record with its parent that the mask may hide. */
function hiddenFields({ shaping = {} }: HttpPlan) {
  return Object.entries(shaping.mask?.fields ?? {}).flatMap(([path, kind]) => {
    const change = maskAgain(shaping.mask, path, kind);
    const all = [parseKeyPath(path) ?? [path], [path]].flatMap((keys) => placesBefore(keys, shaping));
    return all
      .filter(([first]) => first === undefined || first === 'parent')
      .map((keys) => ({
        keys: keys.length === 0 ? ['parent'] : keys,
        change,
      }));
  });
}

/** Whether requests, or steps of shaping before the mask, depend on a field of the parent. */
function isRead(plan: HttpPlan, [, ...keys]: Keys): boolean {
  const { url, params, headers, body, shaping = {} } = plan;
  const requested = placeholdersIn([url, params, headers, body]).flatMap(({ placeholder }) =>
    placeholder.kind === 'placeholder' && placeholder.name === 'parent' ? readable(placeholder.path) : [],
  );
  if (requested.some((one) => overlap(one, keys))) return true;
  const shaped = [shaping.filter, ...Object.values(shaping.map ?? {}), shaping.explode?.path].flatMap((expression) =>
    expression === undefined ? [] : readable(expression),
  );
  const isKept = shaping.explode !== undefined && !Array.isArray(shaping.explode.keep);
  return isKept || shaped.some((one) => overlap(one, ['parent', ...keys]));
}
