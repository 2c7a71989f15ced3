import { hostname, userInfo } from 'node:os';
import { ScheduleNotFoundError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import { probedEvery } from '../../../config/schedule/probe-groups.ts';
import { storedPauses } from '../../../store/run/pauses.ts';
import { findSource } from '../../../config/file/find-source.ts';
import { parseDuration } from '../../../config/schema/units.ts';
import type { Instance } from '../../../domain/instance.ts';
import { unpauseType } from '../../../domain/names.ts';
import { formatPauseNote, formatResumeNote, type PausedBy } from '../../../domain/run/pause-note.ts';
import { dateOfMicros, parseIso8601 } from '../../../domain/time/timestamp.ts';
import { createContext, openStore, requireTemporal, type CommonOptions } from '../../options/context.ts';
import { loadConfig } from '../../options/load-config.ts';
import { CannotStart, UsageError } from '../../../domain/errors.ts';
import { describeSchedule } from '../../../temporal/schedules/describe-schedule.ts';
import { isProbed as isSetAside } from '../../../temporal/schedules/orphan-note.ts';
import { openWorkflowsOf } from '../../../temporal/open-workflows.ts';
import { print } from '../../output/output.ts';
import { suggestion } from '../../output/suggestion.ts';
import { withTemporal } from '../../../temporal/connect.ts';
import { requireOwnWork } from '../../options/own-work.ts';

export interface PauseOptions extends CommonOptions {
  readonly reason?: string;
  readonly until?: string;
}

/** `daybook pause`: pauses a source's schedule and its active runs. */
export async function pauseCommand(source: string, options: PauseOptions): Promise<void> {
  const context = createContext(options);
  const isProbed = probedEvery(findSource(loadConfig(context), source)) !== null;
  const { reason } = options;
  if (reason === undefined || reason.trim() === '') {
    throw new UsageError("missing --reason, e.g. --reason 'API maintenance'");
  }
  const until = options.until === undefined ? null : readUntil(options.until, new Date());
  const pause: PausedBy = { by: currentUser(), reason, until: until?.toISOString() ?? null };
  const { instance } = context;
  await withTemporal(requireTemporal(context), async (client) => {
    await requireOwnWork(context, options, client);
    const note = formatPauseNote(pause);
    // The schedule first: a run that it starts now would miss the signal.
    if (isProbed) await storedPauses(openStore(context)).write(source, pause);
    const hasOwn = await onSchedule(client, instance, source, (handle) => handle.pause(note), !isProbed);
    const scheduled = isProbed || hasOwn;
    // First what ends the pause: this command may be killed at any line.
    if (until && scheduled) await startUnpause(client, instance, source, note, until);
    const runs = await signalRuns(client, instance, source, 'pause', pause);
    if (!scheduled && runs === 0) {
      throw new CannotStart(`pause: ${source} has no schedule and no active run`);
    }
    if (!until || !scheduled) await endUnpause(client, instance, source);
    print(
      `${source} is paused${until ? ` until ${until.toISOString()}` : suggestion(`; resume with ./daybook resume ${source}`)}`,
    );
    if (runs > 0)
      print(`${runs} active ${runs === 1 ? 'run pauses before its' : 'runs pause before their'} next fetch`);
  });
}

/** `daybook resume`: resumes a paused source. */
export async function resumeCommand(source: string, options: CommonOptions): Promise<void> {
  const context = createContext(options);
  const isProbed = probedEvery(findSource(loadConfig(context), source)) !== null;
  const by = currentUser();
  const { instance } = context;
  await withTemporal(requireTemporal(context), async (client) => {
    await requireOwnWork(context, options, client);
    // Also one that was left when the source was probed.
    await storedPauses(openStore(context)).end(source);
    const resumeNote = formatResumeNote(`resumed by ${by}`, new Date());
    const hasOwn = await onSchedule(client, instance, source, (handle) => handle.unpause(resumeNote), !isProbed);
    const scheduled = isProbed || hasOwn;
    const runs = await signalRuns(client, instance, source, 'resume', { by });
    await endUnpause(client, instance, source);
    if (!scheduled && runs === 0) {
      throw new CannotStart(`resume: ${source} has no schedule and no active run`);
    }
    print(`${source} resumed${runs > 0 ? `, including ${runs} active ${runs === 1 ? 'run' : 'runs'}` : ''}`);
  });
}

/**
 * Pauses or resumes the own schedule of a source; that of a source that is probed stays paused.
 * @param isWanted the source is not probed: its schedule counts, even if it is still set aside
 */
async function onSchedule(
  client: Client,
  instance: Instance,
  source: string,
  act: (handle: ReturnType<Client['schedule']['getHandle']>) => Promise<void>,
  isWanted: boolean,
): Promise<boolean> {
  try {
    const found = isWanted ? null : await describeSchedule(client, instance.scrapeScheduleId(source));
    if (found && isSetAside(found.state)) return false;
    await act(client.schedule.getHandle(instance.scrapeScheduleId(source)));
    return true;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return false;
    throw error;
  }
}

/** Returns how many received it. */
async function signalRuns(
  client: Client,
  instance: Instance,
  source: string,
  signal: string,
  payload: unknown,
): Promise<number> {
  let heard = 0;
  for (const handle of await openWorkflowsOf(client, instance, source)) {
    try {
      await handle.signal(signal, payload);
      heard++;
    } catch (error) {
      // It ended meanwhile.
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
  return heard;
}

/** A workflow that sleeps until the time is over, and then resumes the schedule if the note is still ours. */
async function startUnpause(
  client: Client,
  instance: Instance,
  source: string,
  note: string,
  until: Date,
): Promise<void> {
  const { taskQueue } = instance;
  await client.workflow.start(unpauseType, {
    workflowId: instance.unpauseId(source),
    taskQueue,
    args: [
      {
        source,
        note,
      },
    ],
    startDelay: Math.max(1, until.getTime() - Date.now()),
    workflowIdConflictPolicy: 'TERMINATE_EXISTING',
  });
}

async function endUnpause(client: Client, instance: Instance, source: string): Promise<void> {
  try {
    await client.workflow.getHandle(instance.unpauseId(source)).terminate('the pause was replaced or ended');
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

const latest = new Date('9999-12-31T23:59:59.999Z');

function readUntil(text: string, now: Date): Date {
  const duration = parseDuration(text);
  const time = duration === null ? parseIso8601(text) : null;
  if (time && !time.ok) {
    throw new UsageError(`--until: found "${text}": ${time.why}; expected a day, a time or a duration such as 2h`);
  }
  const until = time?.ok ? dateOfMicros(time.micros) : new Date(now.getTime() + (duration ?? 0));
  // Only for a duration: a longer one ends in a year that has no readable text.
  if (!(until <= latest)) {
    throw new UsageError(
      `--until: found "${text}", which is after the year 9999; without --until the pause lasts until ./daybook resume`,
    );
  }
  if (until <= now) throw new UsageError(`--until: found "${text}", which is in the past, expected a future time`);
  return until;
}

/** Who paused it, for anyone who finds it paused. */
function currentUser(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // A user without a name, as in some containers.
    return `uid${process.getuid?.() ?? ''}@${hostname()}`;
  }
}
