import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Allowed } from '../support/trial/invariant.ts';
import { parts, sources, type Trial } from '../support/trial/trial.ts';
import { until } from '../support/until.ts';

/** Something that goes wrong, and is over once `apply` returns. */
export interface Fault {
  /** As docs/reliability.md names it. */
  readonly name: string;
  /** Takes too long for each run of the tests: tried by `npm run test:faults -- --long`. */
  readonly long?: true;
  /** Whether it ends or holds processes: such faults have a stack of their own. */
  readonly stops?: true;
  readonly allowed?: Allowed;
  readonly apply: (trial: Trial, random: () => number) => Promise<void>;
}

const kills = parts.map((part): Fault => ({
  name: `kill -9 of ${part}`,
  stops: true,
  async apply(trial, random) {
    await sleep(random() * 2_000);
    await trial.signal(part, 'SIGKILL');
    await trial.pidOf(part);
  },
}));

const standstills = parts.map((part): Fault => ({
  name: `${part} stands still for 15 s`,
  long: true,
  stops: true,
  async apply(trial) {
    await trial.signal(part, 'SIGSTOP');
    await sleep(15_000);
    await trial.signal(part, 'SIGCONT');
  },
}));

/** The table of docs/reliability.md, in its order. */
export const faults: readonly Fault[] = [
  ...kills,
  ...standstills,
  {
    name: 'kill -9 of everything',
    stops: true,
    async apply(trial, random) {
      await sleep(random() * 2_000);
      await trial.running.killAll();
      await trial.up();
    },
  },
  {
    name: 'the source answers 503, then cuts its answers short',
    async apply(trial) {
      let answered = 0;
      trial.served.instead((response) => {
        answered++;
        if (answered < 3) response.writeHead(503).end();
        else response.writeHead(200, { 'content-length': '1000' }).write('[{', () => response.destroy());
      });
      await until('it has answered so five times', () => answered >= 5, 60_000);
      trial.served.instead(null);
      await resolved(trial, 'api', 'run_failed');
    },
  },
  {
    name: 'open runs are terminated',
    allowed: { missingReceipts: true, spool: true },
    async apply(trial) {
      for (const source of sources) {
        const query = `WorkflowType = 'scrapeRun' AND DaybookSource = '${source}' AND ExecutionStatus = 'Running'`;
        for await (const { workflowId } of trial.client.workflow.list({ query })) {
          await trial.client.workflow
            .getHandle(workflowId)
            .terminate('the trial')
            .catch(() => undefined);
        }
      }
    },
  },
  {
    name: 'batches in the spool are cut short',
    allowed: { spool: true },
    async apply(trial) {
      await trial.signal('postgres', 'SIGSTOP');
      try {
        await until('a batch is in the spool', () => cutBatches(trial) > 0, 30_000);
        // The worker may have it in memory, unlike a new process.
        await trial.signal('worker', 'SIGKILL');
      } finally {
        await trial.signal('postgres', 'SIGCONT');
      }
      await trial.pidOf('worker');
      for (const source of sources) await resolved(trial, source, 'run_failed');
    },
  },
  {
    name: 'what the sources remember is damaged',
    async apply(trial) {
      await polls(trial);
      const folder = trial.path('data', 'state');
      const isAside = (name: string) => namesIn(trial.path('data', 'damaged', 'state')).includes(name);
      for (const source of sources) {
        const name = `${source}.json`;
        // A run that is open may save a whole one over it; only one that begins takes it for its state.
        await until(
          `${name} is set aside, and its source begins from scratch`,
          () => {
            if (isAside(name) && trial.lastAlert(source, 'state') !== undefined) return true;
            damage(join(folder, name));
            return false;
          },
          30_000,
        );
      }
      const clear = () => rmSync(trial.path('data', 'damaged'), { recursive: true, force: true });
      for (const source of sources) {
        for (const name of ['state', 'store']) {
          await until(`${source}/${name} is opened`, () => trial.lastAlert(source, name) !== undefined, 30_000);
          // The last damage may be met after what came before it was cleared away.
          clear();
          await resolved(trial, source, name);
        }
      }
    },
  },
  {
    name: 'state reset and state rewind while runs are open',
    async apply(trial, random) {
      for (let round = 0; round < 3; round++) {
        await sleep(random() * 1_000);
        await trial.command('state', 'reset', sources[Math.floor(random() * sources.length)] ?? 'api');
        await trial.command('state', 'rewind', 'api', '--to', '2026-01-01');
      }
    },
  },
  {
    name: 'daybook.yaml is broken, then whole again',
    async apply(trial) {
      // A worker that has known no good configuration ends.
      await polls(trial);
      const whole = readFileSync(trial.path('daybook.yaml'), 'utf8');
      writeFileSync(trial.path('daybook.yaml'), 'version: 1\nsources: [');
      await until('an alert says so', () => trial.lastAlert('daybook', 'config')?.state === 'open', 60_000);
      writeFileSync(trial.path('daybook.yaml'), whole);
      await resolved(trial, 'daybook', 'config');
    },
  },
];

/** Waits until an alert of a source has been posted as resolved; at once where it was never opened. */
async function resolved(trial: Trial, source: string, name: string): Promise<void> {
  const isOpen = () => trial.lastAlert(source, name)?.state === 'open';
  await until(`${source}/${name} is resolved`, () => !isOpen(), 90_000);
}

/** Waits until a poll of the API has reached its end. */
async function polls(trial: Trial): Promise<void> {
  const before = trial.served.polls;
  await until('the API is polled', () => trial.served.polls > before, 60_000);
}

function damage(path: string): void {
  try {
    if (statSync(path).size > 20) truncateSync(path, 20);
  } catch {
    // It is set aside at this moment.
  }
}

/** Cuts each batch that is in the spool at the end of a line. @returns how many there were */
function cutBatches(trial: Trial): number {
  let cut = 0;
  const spool = trial.path('data', 'spool');
  for (const name of namesIn(spool).filter((found) => /\/[0-9a-f]{64}$/.test(found))) {
    try {
      const text = readFileSync(join(spool, name), 'utf8');
      truncateSync(join(spool, name), text.lastIndexOf('\n', text.length - 2) + 1);
      cut++;
    } catch {
      // It is released at this moment.
    }
  }
  return cut;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch {
    return [];
  }
}
