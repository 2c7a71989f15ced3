import type { TimePlan } from '../../domain/plan/plan-parts.ts';
import type { RecordLimits, SchemaPlan, SourcePlanBase } from '../../domain/plan/source-plan.ts';
import { fingerprint } from './fingerprint.ts';
import { changing, choosing, shapingPlan } from './shaping-plan.ts';
import type { Config } from '../file/parse-config.ts';
import type { SourceConfig } from '../schema/source-schemas.ts';

/** The part of a plan about the records' id and time. */
export interface KeyPlan {
  readonly id: readonly string[];
  readonly occurredAt: TimePlan;
}

/**
 * What the plans of all kinds of source share.
 * @param asked what the source is asked for: where it changes, the state starts from scratch
 * @param shaping what else shapes records: where it changes, ETag and previous keys are dropped
 */
export function planBase(
  config: Config,
  source: SourceConfig,
  asked: object,
  shaping: object,
  keys: KeyPlan = keyPlan(source),
): SourcePlanBase {
  const { retry, expect, encoding } = source;
  const records = shapingPlan(source);
  const charset = encoding === undefined ? {} : { encoding };
  const limits: RecordLimits = {
    maxRecordBytes: source.max_record,
    maxAheadMs: config.partitions.max_ahead,
    maxAgeMs: config.partitions.max_age,
    maxNewDays: config.partitions.max_new_days,
  };
  const schema: SchemaPlan | null =
    source.schema === undefined ? null : { path: source.schema, hash: config.schemas.get(source.schema) ?? '' };
  return {
    name: source.name,
    ...keys,
    ...charset,
    limits,
    onInvalid: source.on_invalid,
    maxRejectRatio: source.max_reject_ratio,
    allowEmpty: source.allow_empty,
    retry: {
      maxAttempts: retry.max_attempts,
      initialIntervalMs: retry.initial_interval,
      backoffCoefficient: retry.backoff_coefficient,
      maxIntervalMs: Math.max(retry.max_interval, retry.initial_interval),
    },
    schema,
    ...(records ? { shaping: records } : {}),
    // No part of the fingerprints: the same source, fetched from another place.
    ...(source.runs_on === undefined ? {} : { runsOn: source.runs_on }),
    ...(source.schedule?.probe === true ? { probe: true as const } : {}),
    expect: { minRecords: expect?.min_records ?? null, maxStalenessMs: expect?.max_staleness ?? null },
    compute: { recordCpuMs: source.limits.record_cpu, pageCpuMs: source.limits.page_cpu },
    fetchFingerprint: fingerprint({ type: source.type, ...asked, ...(records ? choosing(records) : {}) }),
    shapeFingerprint: fingerprint({
      ...keys,
      limits,
      schema,
      ...charset,
      ...shaping,
      ...(records ? changing(records) : {}),
    }),
  };
}

function keyPlan({ id, occurred_at: time }: SourceConfig): KeyPlan {
  return {
    id: typeof id === 'string' ? [id] : (id ?? []),
    occurredAt: {
      path: time?.path ?? null,
      format: time?.format ?? 'iso8601',
      timezone: time?.timezone ?? 'UTC',
      onMissing: time?.on_missing ?? 'reject',
      ...(time?.date_order === undefined ? {} : { dateOrder: time.date_order }),
    },
  };
}
