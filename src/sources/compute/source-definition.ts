import { hash } from 'node:crypto';
import { defaultComputeLimits, type ComputeLimits } from '../../domain/plan/compute-limits.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import { fieldNames } from '../html/field.ts';
import { isPlain } from './plain-source.ts';

/** What a thread needs to know of a source, as text: a thread that has seen it before has everything compiled. */
export interface SourceDefinition {
  /** The source's name. */
  readonly name: string;
  readonly key: string;
  /** Whether its configuration computes nothing (see `isPlain`). */
  readonly isPlain: boolean;
  /** JSON of {@link DefinedSource}. */
  readonly text: string;
}

export interface DefinedSource {
  readonly plan: SourcePlan;
  /** Text of its JSON Schema; null = it has none. */
  readonly schema: string | null;
}

/** Everything of the plan that shapes records; nothing that is secret. */
export function defineSource(plan: SourcePlan, schema: string | null): SourceDefinition {
  const text = JSON.stringify({ plan: withoutRequest(plan), schema } satisfies DefinedSource);
  return { name: plan.name, key: hash('sha256', text, 'base64url'), isPlain: isPlain(plan, schema), text };
}

function withoutRequest(plan: SourcePlan): SourcePlan {
  if (plan.type === 'file') return plan;
  if (plan.type === 'module') return { ...plan, options: {} };
  const { body: _body, secretParams: _params, secretHeaders: _headers, secretBody: _secret, ...others } = plan;
  const { export: _export, following: _following, ...rest } = others;
  return { ...rest, url: '', headers: {}, params: {}, auth: null, proxy: null };
}

export function limitsOf({ compute }: SourcePlan): ComputeLimits {
  return compute ?? defaultComputeLimits;
}

/** The name of a field by its number (see `fieldNames`), as it is in the configuration. */
export function fieldName({ text }: SourceDefinition, isDetail: boolean, number: number): string {
  const { plan } = JSON.parse(text) as DefinedSource;
  if (plan.type === 'http') return fieldNames(plan.fields)[number] ?? '';
  if (plan.type !== 'html') return '';
  const fields = isDetail ? plan.detail?.fields : plan.fields;
  return fieldNames(fields ?? {})[number] ?? '';
}
