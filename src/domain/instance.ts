/** The instance that needs no name: all of its ids are without prefix. */
export const defaultInstance = 'daybook';

/** What an instance may be called: its name begins ids, and never holds the dot that ends it there. */
export const instanceNamePattern = /^[a-z0-9-]{1,30}$/;

/** What a wire id of an instance with a name begins with. */
const prefixed =
  /^([a-z0-9-]{1,30})\.(?:scrape|backfill|partition-rollover|canary|deliver|sink-watch|replay|unpause|probe)-?/;

const scrapeSchedule = /^(?:([a-z0-9-]{1,30})\.)?scrape-(.+)$/;

/** What `commandRunId` makes. */
const commandRun = /^(.+)-run-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const probeSchedule = /^(?:([a-z0-9-]{1,30})\.)?probe-([0-9a-z]+-\d+)$/;

/**
 * One of several Daybooks in a Temporal namespace. Makes and reads every id and queue that goes over the wire, so that none of them
 * meets another's. Those of the default instance are public, and have no prefix: never rename one.
 */
export class Instance {
  readonly name: string;
  readonly taskQueue: string;
  readonly #prefix: string;

  /** @param taskQueue another one than the instance's own, for tests */
  constructor(name: string = defaultInstance, taskQueue?: string) {
    this.name = name;
    this.#prefix = name === defaultInstance ? '' : `${name}.`;
    this.taskQueue = taskQueue ?? (name === defaultInstance ? name : `${defaultInstance}-${name}`);
  }

  /** The instance whose worker polls a queue; that of any other queue is the default one. */
  static ofQueue(taskQueue: string): Instance {
    const name = taskQueue.startsWith(`${defaultInstance}-`) ? taskQueue.slice(defaultInstance.length + 1) : '';
    return instanceNamePattern.test(name) ? new Instance(name) : new Instance(defaultInstance, taskQueue);
  }

  /** The instance of a workflow. By its id first: a history is replayed on another queue than it was made on. */
  static ofWorkflow({ workflowId, taskQueue }: { readonly workflowId: string; readonly taskQueue: string }): Instance {
    const name = taskQueue === defaultInstance ? undefined : prefixed.exec(workflowId)?.[1];
    return name === undefined ? Instance.ofQueue(taskQueue) : new Instance(name);
  }

  get isDefault(): boolean {
    return this.name === defaultInstance;
  }

  /** The label in logs, metrics and webhooks; the default instance has none. */
  labelled<Key extends string>(key: Key): { readonly [key in Key]?: string } {
    return this.isDefault ? {} : ({ [key]: this.name } as { readonly [key in Key]?: string });
  }

  /** A visibility query for workflows of this instance alone. @param clause without `OR` outside of brackets */
  query(clause: string): string {
    return `${clause} AND TaskQueue = '${this.taskQueue}'`;
  }

  scrapeScheduleId(source: string): string {
    return `${this.#prefix}scrape-${source}`;
  }

  /** The source of a schedule of this instance; null if the id is that of something else. */
  sourceOfSchedule(scheduleId: string): string | null {
    const found = readScheduleId(scheduleId);
    return found?.instance === this.name ? found.source : null;
  }

  /** Temporal appends `-<time>` to it at each start. */
  scheduledRunId(source: string): string {
    return `${this.#prefix}scrape-${source}`;
  }

  commandRunId(source: string, at: Date): string {
    return `${this.scheduledRunId(source)}-run-${at.toISOString()}`;
  }

  /** Whether a workflow id is that of a run by `daybook run`: its user waits for it. */
  static isCommandRun(workflowId: string): boolean {
    return commandRun.test(workflowId);
  }

  /** Whether a workflow id is that of a scheduled or commanded run of a source: names may begin alike. */
  isRunOf(source: string, workflowId: string): boolean {
    const prefix = `${this.scheduledRunId(source)}-`;
    return workflowId.startsWith(prefix) && /^(?:run-)?\d{4}-\d\d-\d\dT/.test(workflowId.slice(prefix.length));
  }

  /** The source of a scheduled or commanded run; null if the id is that of something else. */
  sourceOfRun(workflowId: string): string | null {
    const prefix = this.scheduledRunId('');
    if (!workflowId.startsWith(prefix)) return null;
    const rest = workflowId.slice(prefix.length);
    // The times differ: one source may be called as another with `-run`.
    const found = commandRun.exec(rest) ?? /^(.+)-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.exec(rest);
    return found?.[1] ?? null;
  }

  /** The run that a probe starts; as by a schedule, named by the time. */
  probedRunId(source: string, at: string): string {
    return `${this.scheduledRunId(source)}-${at}`;
  }

  /** Id of the schedule of a group of sources that are probed together, and how the ids of its workflows begin. */
  probeId(group: string): string {
    return `${this.#prefix}probe-${group}`;
  }

  backfillId(source: string): string {
    return `${this.#prefix}backfill-${source}`;
  }

  /** @param window name of the window */
  backfillWindowId(source: string, window: string): string {
    return `${this.backfillId(source)}/${window}`;
  }

  /** Whether a workflow id is that of the backfill of a source, or of one of its windows. */
  isBackfillOf(source: string, workflowId: string): boolean {
    const id = this.backfillId(source);
    return workflowId === id || workflowId.startsWith(`${id}/`);
  }

  /** Id of the schedule, and how the ids of its workflows begin. */
  get rolloverId(): string {
    return `${this.#prefix}partition-rollover`;
  }

  commandRolloverId(at: Date): string {
    return `${this.rolloverId}-run-${at.toISOString()}`;
  }

  /** The same of the canary. */
  get canaryId(): string {
    return `${this.#prefix}canary`;
  }

  commandCanaryId(at: Date): string {
    return `${this.canaryId}-${at.toISOString()}`;
  }

  deliverId(sink: string, source: string): string {
    return `${this.#prefix}deliver-${sink}-${source}`;
  }

  sinkWatchId(sink: string): string {
    return `${this.#prefix}sink-watch-${sink}`;
  }

  replayCsvId(at: Date): string {
    return `${this.#prefix}replay-csv-${at.toISOString()}`;
  }

  rebuildJournalId(at: Date): string {
    return `${this.#prefix}rebuild-journal-${at.toISOString()}`;
  }

  unpauseId(source: string): string {
    return `${this.#prefix}unpause-${source}`;
  }

  replayLettersId(source: string, at: Date): string {
    return `${this.#prefix}replay-dead-letters-${source}-${at.toISOString()}`;
  }

  /** Whether a workflow id is that of a replay of a source's dead letters: names may begin alike. */
  isReplayOf(source: string, workflowId: string): boolean {
    const prefix = `${this.#prefix}replay-dead-letters-${source}-`;
    return workflowId.startsWith(prefix) && /^\d{4}-\d\d-\d\dT/.test(workflowId.slice(prefix.length));
  }
}

/** Whose schedule an id of the form `scrape-<source>` or `<instance>.scrape-<source>` is; null for any other. */
export function readScheduleId(scheduleId: string): { readonly instance: string; readonly source: string } | null {
  const [, instance = defaultInstance, source] = scrapeSchedule.exec(scheduleId) ?? [];
  return source === undefined ? null : { instance, source };
}

/** The group whose schedule an id of the form `probe-<interval>-<shard>` is of; null for any other. */
export function readProbeId(scheduleId: string): { readonly instance: string; readonly group: string } | null {
  const [, instance = defaultInstance, group] = probeSchedule.exec(scheduleId) ?? [];
  return group === undefined ? null : { instance, group };
}
