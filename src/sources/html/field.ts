import { withoutNamespaces } from '../../formats/css-namespaces.ts';
import { compileFinder, type Expression } from '../../formats/jmespath/jmespath.ts';
import type { FieldPlan, FieldPlans } from '../../domain/plan/html-plan.ts';
import type { DateOrder } from '../../domain/plan/plan-parts.ts';
import { createTransform, type Transform } from './transform-text.ts';

/** A field of the plan, ready to be read many times. */
export interface Field extends Pick<FieldPlan, 'selector' | 'attr' | 'html' | 'type' | 'required' | 'list'> {
  readonly name: string;
  /** Its index in `fieldNames`. */
  readonly number: number;
  /** Where it is in the record and where it is sought, for messages: `offer.price (.price)`. */
  readonly label: string;
  /** Null = the field is no JSON. */
  readonly json: Expression | null;
  /** Null = the text is taken as it is. */
  readonly transform: Transform | null;
  readonly fields: readonly Field[] | null;
  /** In which order it writes dates of numbers; null = as the page does. */
  readonly dateOrder: DateOrder | null;
}

export function compileFields(plans: FieldPlans): readonly Field[] {
  const names = fieldNames(plans);
  return compileWithin(plans, '', (name) => names.indexOf(name));
}

/** Names of all fields, those within others too (`offer.price`). */
export function fieldNames(plans: FieldPlans, within = ''): string[] {
  return Object.entries(plans).flatMap(([name, { fields }]) => [
    within + name,
    ...(fields === null ? [] : fieldNames(fields, `${within}${name}.`)),
  ]);
}

function compileWithin(plans: FieldPlans, within: string, numberOf: (name: string) => number): readonly Field[] {
  return Object.entries(plans).map(([name, plan]) => {
    const { selector, attr, html, type, required, list, json, transforms, fields } = plan;
    const place = [selector, attr === null ? null : `@${attr}`, json].filter((part) => part !== null).join(' ');
    return {
      name,
      number: numberOf(within + name),
      selector: selector === null ? null : withoutNamespaces(selector),
      attr,
      html,
      type,
      required,
      list,
      label: place === '' ? within + name : `${within}${name} (${place})`,
      json: json === null ? null : compileFinder(json),
      transform: transforms.length === 0 ? null : createTransform(transforms),
      dateOrder: plan.dateOrder ?? null,
      fields: fields && compileWithin(fields, `${within}${name}.`, numberOf),
    };
  });
}
