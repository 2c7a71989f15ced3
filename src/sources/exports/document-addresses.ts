import { OverLimit, WrongShape } from '../../domain/errors.ts';
import { isObject } from '../../domain/is-object.ts';
import type { ExportRequestPlan } from '../../domain/plan/export-plan.ts';
import type { HttpPlanBase } from '../../domain/plan/source-plan.ts';
import { keysOfPath } from '../../formats/jmespath/path-names.ts';
import { parseTemplate, type Placeholder } from '../../formats/template/parse-template.ts';
import { valueOf, type TemplateValues } from '../../formats/template/template-values.ts';
import { targetOf } from './export-request.ts';

/** More documents of one job are an error of the API: their addresses are kept in one file. */
const maxDocuments = 10_000;

/** Stands for a value of the list in an address: exports have no other parent. */
const element = '${parent:value}';

/**
 * The addresses of the documents of a job that is done, each once. A list in the address is one document for each of its values; an empty
 * list, or null, is a job without records.
 * @param values with the answer that says that it is done
 * @throws WrongShape if the answer has nothing where the address should be
 */
export function documentAddresses(
  plan: HttpPlanBase,
  download: ExportRequestPlan,
  values: TemplateValues,
): readonly string[] {
  const { url } = download;
  const subject = `export: ${plan.name}: download.url`;
  const placeholders = parseTemplate(url).filter((part) => part.kind === 'placeholder');
  if (placeholders.some((placeholder) => isNothing(subject, placeholder, values))) return [];
  const addressOf = (template: string, of: TemplateValues) =>
    targetOf(plan, 'download', { ...download, url: template }, of).address;
  const lists = placeholders.filter((placeholder) => Array.isArray(valueOf(placeholder, values)));
  const [list] = lists;
  if (!list) return [addressOf(url, values)];
  if (lists.some(({ text }) => text !== list.text)) {
    throw new WrongShape(`${subject} ${url} has more than one list, expected at most one`);
  }
  const elements = valueOf(list, values) as readonly unknown[];
  if (elements.length > maxDocuments) {
    throw new OverLimit(`${subject} leads to ${elements.length} documents, at most ${maxDocuments} are allowed`);
  }
  const template = url.replaceAll(list.text, () => element);
  return [...new Set(elements.map((value) => addressOf(template, { ...values, parent: { value } })))];
}

/**
 * Whether a field that an address names is empty: then there are no documents.
 * @throws WrongShape if there is no such field
 */
function isNothing(subject: string, placeholder: Placeholder, values: TemplateValues): boolean {
  const { name, path, text } = placeholder;
  if (name !== 'status' && name !== 'submit') return false;
  const keys = keysOfPath(path);
  // An expression finds null where a field is missing, too.
  if (keys === null) return isEmpty(valueOf(placeholder, values));
  let found: unknown = values[name];
  for (const key of keys) {
    if (found === null) return true;
    if (!isObject(found) || !Object.hasOwn(found, key)) {
      throw new WrongShape(`${subject}: found nothing at ${text} in the answer to ${name}, expected an address`);
    }
    found = found[key];
  }
  return isEmpty(found);
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}
