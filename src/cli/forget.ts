import { createInterface } from 'node:readline/promises';
import { backfillType, deliverId, deliverType, scrapeRunType } from '../domain/names.ts';
import { sinks } from '../domain/receipt.ts';
import { sourceNamePattern } from '../domain/source-name.ts';
import { forgetPoll } from '../domain/state.ts';
import { countRows, forgetRows, type ForgetWhat } from '../sinks/postgres/forget-rows.ts';
import { readState, writeState } from '../store/states.ts';
import { CannotStart } from './cannot-start.ts';
import {
  createContext,
  openStore,
  requireOwner,
  requireTemporal,
  type CommonOptions,
  type Context,
} from './context.ts';
import { parseDay } from './day-option.ts';
import { openWorkflowsOf } from './open-workflows.ts';
import { print, printJson, say } from './output.ts';
import { withTemporal } from './temporal-client.ts';
import { UsageError } from './usage-error.ts';

export interface ForgetOptions extends CommonOptions {
  readonly day?: string;
  readonly source?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** `daybook forget`: removes rows and keys, so that the next poll may bring them back. Archives and CSV stay. */
export async function forgetCommand(options: ForgetOptions): Promise<void> {
  const what: ForgetWhat = {
    day: options.day === undefined ? null : parseDay(options.day),
    source: options.source ?? null,
  };
  if (what.day === null && what.source === null) {
    throw new UsageError('found neither --day nor --source, expected one, e.g. --day 2026-11-01, or both');
  }
  if (what.source !== null && !sourceNamePattern.test(what.source)) {
    throw new UsageError(`--source: found "${what.source}", expected the name of a source`);
  }
  const context = createContext(options);
  const owner = requireOwner(context);
  await refuseOpen(context, what.source);
  const { rows, keys, sources } = await countRows(owner, what);
  const about = [
    ...(what.source === null ? [] : [`of ${what.source}`]),
    ...(what.day === null ? [] : [`on ${what.day}`]),
  ];
  const question = `forget ${rows} rows and ${keys} keys ${about.join(' ')}`;
  if (!options.yes && !(await confirmed(question))) {
    throw new UsageError(`${question}: found no --yes, expected it, or y on a terminal; nothing was removed`);
  }
  // States first: one that outlived its records would hide them from the next poll.
  const store = openStore(context);
  for (const source of what.source === null ? sources : [what.source]) {
    const { state } = await readState(store, source);
    if (state) await writeState(store, source, forgetPoll(state));
  }
  const done = await forgetRows(owner, what, ({ rows: gone, keys: goneKeys }) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${gone} rows, ${goneKeys} keys`);
  });
  if (process.stderr.isTTY) process.stderr.write('\r');
  if (options.json) return printJson({ ...done, sources });
  print(`forgot ${done.rows} rows and ${done.keys} keys ${about.join(' ')}`);
  say(
    'the next poll takes what the source still shows; one with incremental asks only since its watermark: ' +
      './daybook state rewind, or backfill',
  );
}

/** Runs and deliveries under way would bring records back, or write their states, meanwhile. */
async function refuseOpen(context: Context, source: string | null): Promise<void> {
  await withTemporal(requireTemporal(context), async (client) => {
    const types = [scrapeRunType, deliverType, backfillType].map((type) => `WorkflowType = '${type}'`);
    const which = source === null ? types : sinks.map((sink) => `WorkflowId = '${deliverId(sink, source)}'`);
    const { count } = await client.workflow.count(`(${which.join(' OR ')}) AND ExecutionStatus = 'Running'`);
    const open = count + (source === null ? 0 : (await openWorkflowsOf(client, source)).length);
    if (open === 0) return;
    throw new CannotStart(
      `forget: found ${open} open run${open === 1 ? '' : 's'} or deliveries${source === null ? '' : ` of ${source}`}, expected none; ` +
        `pause ${source === null ? 'the sources' : 'it'} with ./daybook pause, and let them end`,
    );
  });
}

async function confirmed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question}? [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
