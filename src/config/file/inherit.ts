import { isObject } from '../../domain/is-object.ts';
import { keysOfSource } from '../schema/source-schemas.ts';

type Tree = Record<string, unknown>;

/**
 * A source with everything it does not say itself taken from `defaults`, as far as its type knows the key. Objects are merged key
 * by key, lists and values replaced; `null` removes an inherited value; `every` and `cron` replace each other, and `offset` and
 * `probe` go with `every`.
 */
export function inheritDefaults(defaults: Tree, source: Tree): Tree {
  const type = source['type'] ?? defaults['type'];
  const known = keysOfSource(type);
  const inherited = Object.fromEntries(
    Object.entries(defaults).filter(([key]) => key !== 'name' && (key === 'type' || known.has(key))),
  );
  const merged = merge(spellOut(inherited), spellOut(source));
  return type === 'rss' ? withFeedTime(merged) : withExportUrl(merged);
}

/** A feed has its own time: a configuration that only sets its date order does not want items without a time refused. */
function withFeedTime(source: Tree): Tree {
  const { occurred_at: time } = source;
  if (!isObject(time) || !isGiven(time['date_order']) || isGiven(time['path']) || isGiven(time['on_missing']))
    return source;
  return { ...source, occurred_at: { ...time, on_missing: 'fetched_at' } };
}

/** The address of a source with an export is where its jobs are submitted. */
function withExportUrl(source: Tree): Tree {
  const { url, export: job } = source;
  const submit = isObject(job) ? job['submit'] : undefined;
  return isGiven(url) || !isObject(submit) || !isGiven(submit['url']) ? source : { ...source, url: submit['url'] };
}

/** Writes the short forms out: `occurred_at: path`, `paginator: single_page`. */
function spellOut(source: Tree): Tree {
  const { occurred_at: occurredAt, paginator } = source;
  return {
    ...source,
    ...(typeof occurredAt === 'string' ? { occurred_at: { path: occurredAt } } : {}),
    ...(typeof paginator === 'string' ? { paginator: { type: paginator } } : {}),
  };
}

function merge(base: Tree, own: Tree): Tree {
  const merged: Tree = {};
  for (const key of new Set([...Object.keys(base), ...Object.keys(own)])) {
    const value = Object.hasOwn(own, key) ? mergeValue(base[key], own[key], key) : copied(base[key], key);
    if (value !== null && value !== undefined) merged[key] = value;
  }
  return merged;
}

function mergeValue(base: unknown, own: unknown, key: string): unknown {
  // A request's body is the user's own, with its nulls.
  if (!isObject(own) || key === 'body') return own;
  if (!isObject(base) || isOtherKind(base, own)) return merge({}, own);
  return merge(key === 'schedule' ? withoutRival(base, own) : base, own);
}

/** Two objects of different `type` share nothing. */
function isOtherKind(base: Tree, own: Tree): boolean {
  return own['type'] !== undefined && base['type'] !== own['type'];
}

function withoutRival(base: Tree, own: Tree): Tree {
  const { every, cron, offset, probe, ...rest } = base;
  if (isGiven(own['every'])) return { ...rest, every, offset, probe };
  return isGiven(own['cron']) ? { ...rest, cron } : base;
}

function copied(value: unknown, key: string): unknown {
  return isObject(value) && key !== 'body' ? merge({}, value) : value;
}

/** Whether a value of `defaults` or of a source is there: one left empty is not. */
export function isGiven(value: unknown): boolean {
  return value !== null && value !== undefined;
}
