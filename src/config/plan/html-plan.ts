import type { FieldPlan, FieldPlans } from '../../domain/plan/html-plan.ts';
import type { HtmlPlan } from '../../domain/plan/source-plan.ts';
import type { FieldConfig } from '../schema/html-schemas.ts';
import { httpBase } from './http-plan.ts';
import { findPlaceholders } from './named-placeholders.ts';
import { paginatorPlan } from './paginator-plan.ts';
import type { Config } from '../file/parse-config.ts';
import type { HtmlConfig } from '../schema/source-schemas.ts';

export function htmlPlan(config: Config, source: HtmlConfig): HtmlPlan {
  const { items, detail } = source;
  const plans = {
    items: { selector: items.selector, json: items.json ?? null },
    fields: fieldPlans(source.fields),
    detail: detail ? { url: detail.url, fields: fieldPlans(detail.fields), maxPages: detail.max_pages } : null,
  };
  const pageFields = pageFieldsOf(source);
  const paginator = paginatorPlan(source.paginator, findPlaceholders(source));
  return {
    ...httpBase(config, source, paginator, null, plans, { request: pageFields }),
    type: 'html',
    ...plans,
    ...pageFields,
  };
}

/** Fields of a page itself; nothing where there are none. */
export function pageFieldsOf({ page_fields: fields }: Pick<HtmlConfig, 'page_fields'>): {
  readonly pageFields?: FieldPlans;
} {
  return Object.keys(fields).length > 0 ? { pageFields: fieldPlans(fields) } : {};
}

export function fieldPlans(fields: Readonly<Record<string, FieldConfig>>): FieldPlans {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, fieldPlan(field)]));
}

function fieldPlan(field: FieldConfig): FieldPlan {
  const { selector, attr, html, type, required, list, json, transforms, fields } = field;
  return {
    selector: selector ?? null,
    attr: attr ?? null,
    html,
    type,
    required,
    list,
    json: json ?? null,
    transforms: transforms.map(({ trim, regex = null, replace = null }) => ({
      trim,
      regex,
      replace,
    })),
    fields: fields ? fieldPlans(fields) : null,
    ...(field.date_order === undefined ? {} : { dateOrder: field.date_order }),
  };
}
