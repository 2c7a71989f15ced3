import type { CheerioAPI } from 'cheerio';
import { adapter, type Htmlparser2TreeAdapterMap } from 'parse5-htmlparser2-tree-adapter';
import { SourceRefused, SourceUnavailable } from '../../domain/errors.ts';
import { hiddenValue, hidesValues } from '../../domain/plan/shaping-plan.ts';
import type { HttpFormatPlan } from '../../domain/plan/source-plan.ts';
import { truncate } from '../../domain/secrets/redact.ts';
import { isNoError, saidBy } from '../extraction/stated-error.ts';
import { xmlText } from './xml-text.ts';

type XmlElement = Htmlparser2TreeAdapterMap['element'];

const errorName =
  /^(?:err|errors?|error-?(?:info|message|response)|faults?|exceptions?|(?:service-?)?exception-?report)$/i;
const detailName = /^(?:(?:error|exception|fault)?-?(?:code|string|text)|msg|message|description|detail|reason)$/i;
/** Of a list of errors, which may be the subject of a document. */
const manyName = /^(?:errors|faults|exceptions)$/i;

/** Codes of requests that will not be answered later either. */
const refusal =
  /^(?:[\w-]+:)?(?:client|sender|bad(?:argument|verb|resumptiontoken)|cannotdisseminateformat|iddoesnotexist|no(?:metadataformats|sethierarchy)|(?:invalid|missing)parametervalue|operationnotsupported|versionnegotiationfailed)\b/i;

/**
 * Ends an attempt whose answer is an error in place of records, with a status of success: a fault of SOAP, an error of OAI-PMH, an
 * exception report of OGC, or any element called error as the root or within it. Taken as a page without records it would be the end.
 * @throws SourceUnavailable, or SourceRefused for one that a repetition does not change
 */
export function assertNoError(plan: HttpFormatPlan, $: CheerioAPI): void {
  const root = $.root()[0]?.children.find((node) => adapter.isElementNode(node));
  const error = root && errorIn(root);
  if (!error) return;
  const all = [error, ...$(error).find('*').toArray()];
  const texts = [...detailsOf(all), ...textsIn(error, all)];
  if (isNoError(texts)) return;
  const text = saidBy(texts);
  const shown = hidesValues(plan) ? hiddenValue : truncate(text, 200);
  const message = `fetch: ${plan.name} answered with <${error.name}> in place of records: ${shown}; if that is no error, set on_response: [{ status: 200, body_contains: "…", action: ignore }] with a part of it`;
  throw refusal.test(text) ? new SourceRefused(message) : new SourceUnavailable(message);
}

/** The root, a child of it, or one of the body of a SOAP envelope. */
function errorIn(root: XmlElement): XmlElement | undefined {
  if (isError(root)) return root;
  const children = elementsIn(root);
  const body = localName(root) === 'Envelope' ? children.find((child) => localName(child) === 'Body') : undefined;
  return (body ? elementsIn(body) : children).find(isError);
}

function isError(element: XmlElement): boolean {
  return errorName.test(localName(element));
}

function elementsIn(element: XmlElement): XmlElement[] {
  return element.children.filter((node) => adapter.isElementNode(node));
}

function localName({ name }: XmlElement): string {
  return name.slice(name.indexOf(':') + 1);
}

/** Codes and messages that are attributes, of the error or of the first element in it that has some. */
function detailsOf(all: readonly XmlElement[]): string[] {
  return all.map(({ attribs }) => given(attribs)).find((details) => details.length > 0) ?? [];
}

function given(attributes: Readonly<Record<string, string>>): string[] {
  return Object.entries(attributes).flatMap(([name, value]) => (detailName.test(name) ? [value.trim()] : []));
}

/** The texts of an error, each for itself. Of a list of errors only those that are one: what else it has may be its title, or a count. */
function textsIn(error: XmlElement, all: readonly XmlElement[]): string[] {
  const isMany = manyName.test(localName(error));
  const leaves = all.filter((element) => elementsIn(element).length === 0);
  const counted = leaves.filter(
    (leaf) => !isMany || leaf === error || isError(leaf) || detailName.test(localName(leaf)),
  );
  return counted.map((leaf) => xmlText(leaf)).filter((text) => text !== '');
}
