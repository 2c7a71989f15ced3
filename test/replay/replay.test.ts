import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker, type WorkflowBundleOption } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { isBuilt } from '../../scripts/freshness.js';
import { withFairness } from '../../src/worker/server-options.ts';
import { installRuntime } from '../../src/worker/runtime.ts';

// A check before a deploy that passes with a stale build is worthless.
if (!isBuilt()) throw new Error('dist is stale, expected what src holds now: npm run build');
installRuntime(pino({ level: 'silent' }));

const folder = new URL('./histories/', import.meta.url);
const codePath = fileURLToPath(new URL('../../dist/workflow-bundle.js', import.meta.url));
const releases = readdirSync(folder);

interface History {
  events: { eventType: string; activityTaskScheduledEventAttributes?: { activityType: { name: string } } }[];
}

const load = (release: string, name: string) =>
  JSON.parse(readFileSync(new URL(`${release}/${name}.json`, folder), 'utf8')) as History;

async function replay(history: History, workflowBundle: WorkflowBundleOption = { codePath }): Promise<void> {
  await Worker.runReplayHistory({ workflowBundle, replayName: 'recorded' }, history);
}

describe.each(releases)('histories of release %s', (release) => {
  const names = readdirSync(new URL(release, folder)).map((file) => file.replace('.json', ''));

  test.each(names)('%s replays', async (name) => {
    await expect(replay(load(release, name))).resolves.toBeUndefined();
  });
});

describe('a worker that gives fairness keys, where the one before gave none or others,', () => {
  const code = withFairness(readFileSync(codePath, 'utf8'));

  test.each(['finished', 'backfill', 'delivered'])('replays %s', async (name) => {
    for (const release of releases) await expect(replay(load(release, name), { code })).resolves.toBeUndefined();
  });
});

describe('a history that does not fit the code', () => {
  test('is detected: an activity of another name', async () => {
    const history = load(releases[0] ?? '', 'finished');
    const fetch = history.events.find(
      (event) => event.activityTaskScheduledEventAttributes?.activityType.name === 'fetchBatch',
    );
    if (fetch?.activityTaskScheduledEventAttributes)
      fetch.activityTaskScheduledEventAttributes.activityType.name = 'writeCsv';
    await expect(replay(history)).rejects.toThrow(DeterminismViolationError);
  });
});
