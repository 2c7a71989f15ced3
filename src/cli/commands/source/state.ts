import { planOf } from '../../../config/plan/plan.ts';
import { resolveReferences } from '../../../config/secrets/references.ts';
import { findSource } from '../../../config/file/find-source.ts';
import type { SourcePlan } from '../../../domain/plan/source-plan.ts';
import { clearPollState, initialState, summarizeState } from '../../../domain/state/source-state.ts';
import { formatMicros, microsOfDate, parseIso8601 } from '../../../domain/time/timestamp.ts';
import { reopenHost } from '../../../store/run/host-closure.ts';
import { fanOutLines } from '../../output/fan-out-lines.ts';
import { changeState, readState, resetStates } from '../../../store/run/states.ts';
import { createContext, openStore, openStoreToRead, type CommonOptions, type Context } from '../../options/context.ts';
import { loadConfig } from '../../options/load-config.ts';
import { print, printJson, printInfo } from '../../output/output.ts';
import { UsageError } from '../../../domain/errors.ts';

/** No server is asked whether there are any. */
const ofOpenRuns =
  'An active run still stores what it fetches, but its state is ignored (warning state_changed in its receipt).';

/** `daybook state show`: the state of a source. */
export async function showStateCommand(name: string, options: CommonOptions & { json?: boolean }): Promise<void> {
  const context = createContext(options);
  sourcePlan(context, name);
  const { state } = await readState(openStoreToRead(context), name);
  if (options.json) return printJson(state);
  if (!state) return print(`${name} has no state: it has not finished a run yet, or was reset`);
  const { sinkDownSince: _, ...shown } = summarizeState(state);
  for (const [key, value] of Object.entries(shown)) print(`${key.padEnd(12)} ${String(value)}`);
  for (const [sink, since] of Object.entries(state.sinkDownSince)) print(`${sink} down since ${since}`);
  for (const line of await fanOutLines(openStoreToRead(context), name, state)) print(line);
}

/** `daybook state reset`: the next run begins from scratch. */
export async function resetStateCommand(name: string, options: CommonOptions): Promise<void> {
  const context = createContext(options);
  const plan = sourcePlan(context, name);
  const store = openStore(context);
  await resetStates(store, [name]);
  // What its host asked for belongs to what is forgotten.
  const url = 'url' in plan ? resolveReferences(plan.url, context.environment.lookUp) : '';
  if (URL.canParse(url)) await reopenHost(store, new URL(url).host);
  printInfo(`${name}: the next run starts from scratch; stored records stay and are not stored twice`);
  printInfo(ofOpenRuns);
}

/** `daybook state rewind --to`: the next run fetches everything since a time. */
export async function rewindStateCommand(name: string, options: CommonOptions & { to?: string }): Promise<void> {
  const context = createContext(options);
  const plan = sourcePlan(context, name);
  if (options.to === undefined) throw new UsageError('missing --to, e.g. --to 2026-11-01');
  if (plan.type !== 'file' && plan.type !== 'module' && plan.forEach?.type === 'source') {
    throw new UsageError(
      `${name} is requested for each record of ${plan.forEach.source}, so its position is no time; state reset requests all of them again, and for_each.revisit those that are not old`,
    );
  }
  const time = parseIso8601(options.to);
  if (!time.ok) throw new UsageError(`--to: found "${options.to}": ${time.why}`);
  if (time.micros > microsOfDate(new Date())) {
    throw new UsageError(
      `--to: found "${options.to}", which is in the future, expected a past time: nothing would be fetched until then`,
    );
  }
  const store = openStore(context);
  const { fetchFingerprint, shapeFingerprint } = plan;
  const watermark = formatMicros(time.micros);
  const none = initialState({ fetchFingerprint, shapeFingerprint, databaseId: null });
  await changeState(store, name, (state) => {
    // Each value of a for_each begins there.
    const { fanOut: _fanOut, fanOutCleared: _cleared, ...rest } = clearPollState(state ?? none);
    return { ...rest, watermark };
  });
  const without =
    plan.type === 'module' || ((plan.type === 'http_json' || plan.type === 'http') && plan.incremental)
      ? ''
      : ' (it has no incremental, so every run reads everything)';
  printInfo(`${name}: the next run fetches everything since ${watermark}${without}`);
  printInfo(ofOpenRuns);
}

function sourcePlan(context: Context, name: string): SourcePlan {
  const config = loadConfig(context);
  return planOf(config, findSource(config, name));
}
