import { contentTypeOf } from '../../domain/text/content-type.ts';
import { SourceRefused, WrongShape } from '../../domain/errors.ts';
import type { ExportRequestPlan } from '../../domain/plan/export-plan.ts';
import type { HttpPlanBase } from '../../domain/plan/source-plan.ts';
import { fillBody } from '../../formats/template/fill-body.ts';
import { fillHeaders, fillParameters, type Parameters } from '../../formats/template/fill-pairs.ts';
import { leftOut } from '../../formats/template/fill-text.ts';
import { fillUrl } from '../../formats/template/fill-url.ts';
import type { TemplateValues } from '../../formats/template/template-values.ts';
import type { DocumentRequest } from '../http/fetch-document.ts';
import { isTrusted, ownOrigin } from '../http/own-origin.ts';
import { rawAddress, setParameter } from '../http/raw-query.ts';

/** A request of an export, as `fetchDocument` takes it. */
export interface ExportRequest {
  readonly plan: HttpPlanBase;
  readonly document: DocumentRequest;
}

/** Where a request of an export goes. */
export interface ExportTarget {
  readonly address: string;
  /** An answer gave it: the source has not named its origin. */
  readonly isGiven: boolean;
}

/**
 * Where a request goes. Only an address that is one placeholder may be anywhere.
 * @throws WrongShape, SourceRefused if a value cannot be a part of it
 */
export function targetOf(
  plan: HttpPlanBase,
  part: string,
  request: ExportRequestPlan,
  values: TemplateValues,
): ExportTarget {
  const { url } = request;
  const subject = `export: ${plan.name}: ${part}.url`;
  const filled = fillUrl(url, values);
  if (filled === leftOut) throw new WrongShape(`${subject} ${url} has no value, expected an address`);
  const written = ownOrigin({ url, templates: true });
  if (written === null) return givenTarget(plan, subject, filled);
  // Its scheme, host and port are written; a value that changed them would be sent the secrets.
  if (URL.canParse(filled) && new URL(filled).origin === written) return { address: filled, isGiven: false };
  throw new SourceRefused(`${subject}: a value changes where the request goes, expected ${written}`);
}

/** An address of an answer may be a path at the origin of the source. */
function givenTarget(plan: HttpPlanBase, subject: string, text: string): ExportTarget {
  const base = ownOrigin(plan) ?? undefined;
  const isAddress = /^(?:[a-z][a-z\d+.-]*:|\/)/i.test(text) && URL.canParse(text, base);
  const url = isAddress ? new URL(text, base) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    const found = url === null ? 'no address' : `an address of ${url.protocol.slice(0, -1)}, or with a user name`;
    throw new WrongShape(`${subject} leads to ${found}, expected an address, http or https`);
  }
  return { address: rawAddress(text, url), isGiven: !isTrusted(plan, url.origin) };
}

/** @param name what it is, for messages: addresses are not shown */
export function exportRequest(
  plan: HttpPlanBase,
  request: ExportRequestPlan,
  { address, isGiven }: ExportTarget,
  values: TemplateValues,
  { name, accept }: Pick<DocumentRequest, 'accept'> & { readonly name: string },
): ExportRequest {
  const { method, body, secretParams = [], secretHeaders = [], secretBody } = request;
  const ofSource = isTrusted(plan, new URL(address).origin);
  const headers = { ...(ofSource ? fillHeaders(plan.headers, values) : {}), ...fillHeaders(request.headers, values) };
  const { templates: _templates, trustedOrigins: _trusted, origins: _origins, ...rest } = plan;
  let target = address;
  for (const [parameter, value] of Object.entries(fillParameters(request.params, values) satisfies Parameters)) {
    if (!isGiven || !secretParams.includes(parameter)) target = setParameter(target, parameter, value);
  }
  return {
    plan: {
      ...rest,
      url: target,
      method,
      params: {},
      headers: {},
      body,
      auth: ofSource ? plan.auth : null,
      secretParams,
      secretHeaders,
      ...(secretBody ? { secretBody } : {}),
    },
    document: {
      url: new URL(target),
      address: target,
      followed: false,
      accept,
      conditions: {},
      headers,
      body: body === undefined ? null : fillBody(body, values, contentTypeOf(headers)),
      name,
      ...(isGiven ? { isGiven } : {}),
    },
  };
}
