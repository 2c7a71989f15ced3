import { keysOfPath, quotedNames } from './path-names.ts';
import { isArithmetic } from './jmespath.ts';
import type { FieldPlans } from '../../domain/plan/html-plan.ts';
import type { PaginatorPlan } from '../../domain/plan/plan-parts.ts';
import type { ExplodePlan, ShapingPlan } from '../../domain/plan/shaping-plan.ts';
import type { HttpPlan, SourcePlan } from '../../domain/plan/source-plan.ts';
import type { Warning } from '../../domain/run/warning.ts';

/** A JMESPath expression of a plan, and the key of the configuration that holds it. */
interface PlanPath {
  readonly key: string;
  readonly path: string;
}

/** All JMESPath expressions of a source. */
export function pathsOf(plan: SourcePlan): readonly PlanPath[] {
  const found = ({ key, path }: { readonly key: string; readonly path: string | null }) =>
    path === null ? [] : [{ key, path }];
  return [
    ...plan.id.map((path) => ({ key: 'id', path })),
    ...found({ key: 'occurred_at', path: plan.occurredAt.path }),
    ...shapingPaths(plan.shaping),
    ...('records' in plan ? [{ key: 'records', path: plan.records }] : []),
    ...(plan.type === 'file' || plan.type === 'module' ? [] : pagingPaths(plan)),
    ...(plan.type === 'http' && plan.items
      ? [...found({ key: 'items.json', path: plan.items.json }), ...fieldPaths('fields', plan.fields)]
      : []),
    ...(plan.type === 'html'
      ? [
          ...found({ key: 'items.json', path: plan.items.json }),
          ...fieldPaths('fields', plan.fields),
          ...(plan.detail ? [{ key: 'detail.url', path: plan.detail.url }] : []),
          ...fieldPaths('detail.fields', plan.detail?.fields ?? {}),
        ]
      : []),
  ];
}

function shapingPaths({ explode, filter, map = {} }: ShapingPlan = {}): readonly PlanPath[] {
  const keep = explode && !isPaths(explode.keep) ? Object.entries(explode.keep) : [];
  return [
    ...(explode ? [{ key: 'explode.path', path: explode.path }] : []),
    ...keep.map(([name, path]) => ({ key: `explode.keep.${name}`, path })),
    ...(filter === undefined ? [] : [{ key: 'filter', path: filter }]),
    ...Object.entries(map).map(([name, path]) => ({ key: `map.${name}`, path })),
  ];
}

function isPaths(keep: ExplodePlan['keep']): keep is readonly string[] {
  return Array.isArray(keep);
}

function pagingPaths({ paginator, incremental }: HttpPlan): readonly PlanPath[] {
  const paths = paginatorPaths(paginator).map(({ key, path }) => ({ key: `paginator.${key}`, path }));
  const key = paginator.type === 'keyset' ? [{ key: 'paginator.key', path: paginator.key }] : [];
  const last = (paginator.lastPaths ?? []).map((path) => ({ key: `\${last:${path}}`, path }));
  return [...(incremental ? [{ key: 'incremental.cursor', path: incremental.cursor }] : []), ...paths, ...key, ...last];
}

/** Those of a paginator; `key` is the one below `paginator`. */
export function paginatorPaths(paginator: PaginatorPlan): readonly PlanPath[] {
  return Object.entries(paginator).flatMap(([name, path]) =>
    name.endsWith('Path') && typeof path === 'string' ? [{ key: snakeCase(name), path }] : [],
  );
}

function fieldPaths(place: string, fields: FieldPlans): readonly PlanPath[] {
  return Object.entries(fields).flatMap(([name, { json, fields: inner }]) => [
    ...(json === null ? [] : [{ key: `${place}.${name}.json`, path: json }]),
    ...fieldPaths(`${place}.${name}.fields`, inner ?? {}),
  ]);
}

/** Warns of paths that calculate: perhaps a name was meant. */
export function arithmeticWarnings(plan: SourcePlan): readonly Warning[] {
  return (
    pathsOf(plan)
      // What shapes records may calculate.
      .filter(({ key, path }) => !/^(?:explode|filter|map)\b/.test(key) && isArithmetic(path))
      .map(({ key, path }) => ({
        code: 'arithmetic_path',
        message: `${key} "${path}" is arithmetic; where a name is meant, quote it: ${key}: '${quotedNames(path)}'`,
        count: 1,
      }))
  );
}

/** Warns of paths into records of a page that begin with a name that none of its fields has: they would never find anything. */
export function unknownFieldWarnings(plan: SourcePlan): readonly Warning[] {
  if (plan.type !== 'html' && plan.type !== 'http') return [];
  const fields = Object.keys(plan.fields);
  // Without fields an item is JSON, whose names are not known.
  if (fields.length === 0) return [];
  const details = plan.type === 'html' ? Object.keys(plan.detail?.fields ?? {}) : [];
  const all = [...fields, ...details, ...(plan.parentFields ? ['parent'] : [])];
  const knownBy: Readonly<Record<string, readonly string[]>> = { id: all, occurred_at: all, 'detail.url': fields };
  return pathsOf(plan).flatMap(({ key, path }) => {
    const known = knownBy[key];
    const [first = ''] = path.split('.');
    const [name] = keysOfPath(first) ?? [];
    if (known === undefined || name === undefined || known.includes(name)) return [];
    const message = `${key} "${path}" names no field of the source, expected one of ${known.join(', ')}`;
    return [{ code: 'field_unknown', message, count: 1 }];
  });
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
