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
  return {
    ...httpBase(config, source, paginatorPlan(source.paginator, findPlaceholders(source)), null, plans),
    type: 'html',
    ...plans,
  };
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
