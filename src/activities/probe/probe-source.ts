import { Context, log } from '@temporalio/activity';
import type { Config } from '../../config/file/parse-config.ts';
import { planOf } from '../../config/plan/plan.ts';
import { withSecrets } from '../../config/secrets/secrets.ts';
import type { SourceConfig } from '../../config/schema/source-schemas.ts';
import { messageOf } from '../../domain/errors.ts';
import type { AlertName } from '../../domain/monitoring/alert.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import { decideProbe } from '../../domain/run/probe-decision.ts';
import type { SourceState } from '../../domain/state/source-state.ts';
import { isSameDocument } from '../../sources/http/probe-document.ts';
import { readState } from '../../store/run/states.ts';
import type { Uses } from '../support/dependencies.ts';
import { toFailure } from '../support/failure.ts';
import { redactorFor, type SecretAccess } from '../support/source-secrets.ts';

/** What a probe of a source has found. */
export interface ProbedSource {
  readonly found: 'unchanged' | 'changed' | 'due' | 'failed' | 'waiting';
  /** A request was sent. */
  readonly asked: boolean;
  /** What the source is compared with; null where that is not known. */
  readonly state: SourceState | null;
}

/** What a probe knows besides the source itself. */
export interface ProbeSurroundings {
  readonly config: Config;
  /** Null = the database could not be asked. */
  readonly databaseId: string | null;
  /** Open alerts by source. */
  readonly alerts: ReadonlyMap<string, ReadonlySet<AlertName>>;
}

export type ProbeTools = SecretAccess & Uses<'store' | 'http' | 'probeRequestMs'>;

/** Decides whether a run of the source is to start, and asks the source if need be. Only reads. */
export async function probeSource(
  tools: ProbeTools,
  source: SourceConfig,
  { config, databaseId, alerts }: ProbeSurroundings,
): Promise<ProbedSource> {
  const plan = planOf(config, source);
  const { state: stored } = await readState(tools.store, source.name);
  const facts = { plan, stored, databaseId, alerts: alerts.get(source.name) ?? new Set<AlertName>(), now: new Date() };
  const decision = decideProbe(facts);
  switch (decision.kind) {
    case 'run':
      return { found: 'due', asked: false, state: null };
    case 'wait':
      return { found: 'waiting', asked: false, state: null };
    case 'unchanged':
      return { found: 'unchanged', asked: false, state: decision.state };
    case 'ask': {
      const { state } = decision;
      return { found: await ask(tools, source, plan, state), asked: true, state };
    }
  }
}

/** A failure is not retried here: the run that it starts does that by the policy of the source. */
async function ask(
  tools: ProbeTools,
  source: SourceConfig,
  plan: SourcePlan,
  state: SourceState,
): Promise<'unchanged' | 'changed' | 'failed'> {
  const { cancellationSignal } = Context.current();
  const { probeRequestMs } = tools;
  const limit = AbortSignal.timeout(probeRequestMs);
  try {
    const filled = withSecrets(plan, source, tools.lookUp);
    if (filled.type !== 'http_json' && filled.type !== 'rss') return 'failed';
    const signal = AbortSignal.any([cancellationSignal, limit]);
    const asking = isSameDocument(filled, state, tools.http, signal);
    return (await withinLimit(asking, signal)) ? 'unchanged' : 'changed';
  } catch (error) {
    cancellationSignal.throwIfAborted();
    const failure = messageOf(toFailure(error, redactorFor(source.name, tools), 1));
    const reason = limit.aborted ? `no complete answer within ${probeRequestMs / 1_000} s` : failure;
    log.info('A probe failed; a run of the source starts', { source: source.name, error: reason });
    return 'failed';
  }
}

/** An access token or robots.txt, which sources share, is not given up with one of them. */
async function withinLimit<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    work.catch(() => undefined);
  }
}
