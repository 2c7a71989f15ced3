import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Instance, instanceNamePattern, readScheduleId } from '../../../src/domain/instance.ts';
import { sourceNamePattern } from '../../../src/domain/plan/source-plan.ts';

const at = new Date('2026-11-01T09:00:00Z');

/** Every id that goes over the wire. */
function idsOf(instance: Instance, source: string): Record<string, string> {
  return {
    queue: instance.taskQueue,
    schedule: instance.scrapeScheduleId(source),
    run: instance.scheduledRunId(source),
    runByCommand: instance.commandRunId(source, at),
    backfill: instance.backfillId(source),
    window: instance.backfillWindowId(source, '2026-11-01_2026-11-02'),
    rollover: instance.rolloverId,
    rolloverByCommand: instance.commandRolloverId(at),
    canary: instance.canaryId,
    canaryByCommand: instance.commandCanaryId(at),
    deliver: instance.deliverId('csv', source),
    replayCsv: instance.replayCsvId(at),
    unpause: instance.unpauseId(source),
    replayLetters: instance.replayLettersId(source, at),
  };
}

const ofDefault = {
  queue: 'daybook',
  schedule: 'scrape-quakes',
  run: 'scrape-quakes',
  runByCommand: 'scrape-quakes-run-2026-11-01T09:00:00.000Z',
  backfill: 'backfill-quakes',
  window: 'backfill-quakes/2026-11-01_2026-11-02',
  rollover: 'partition-rollover',
  rolloverByCommand: 'partition-rollover-run-2026-11-01T09:00:00.000Z',
  canary: 'canary',
  canaryByCommand: 'canary-2026-11-01T09:00:00.000Z',
  deliver: 'deliver-csv-quakes',
  replayCsv: 'replay-csv-2026-11-01T09:00:00.000Z',
  unpause: 'unpause-quakes',
  replayLetters: 'replay-dead-letters-quakes-2026-11-01T09:00:00.000Z',
};

describe('ids', () => {
  test('of the default instance are those of all versions before', () => {
    expect(idsOf(new Instance(), 'quakes')).toEqual(ofDefault);
    expect(idsOf(new Instance('daybook'), 'quakes')).toEqual(ofDefault);
  });

  test('of any other one are the same behind its name; its queue has the name at the end', () => {
    const { queue: _, ...ids } = ofDefault;
    const prefixed = Object.entries(ids).map(([what, id]) => [what, `lab-2.${id}`]);
    expect(idsOf(new Instance('lab-2'), 'quakes')).toEqual({
      ...Object.fromEntries(prefixed),
      queue: 'daybook-lab-2',
    });
  });

  test("of two instances are never the same, nor read as the other one's", () => {
    const name = fc.stringMatching(/^[a-z0-9-]{1,30}$/);
    const source = fc.stringMatching(sourceNamePattern).filter((text) => text.length < 40);
    fc.assert(
      fc.property(name, name, source, (one, two, of) => {
        const [a, b] = [new Instance(one), new Instance(two)];
        const [ids, others] = [a, b].map((instance) => Object.values(idsOf(instance, of)));
        expect(ids?.some((id) => others?.includes(id))).toBe(one === two);
        expect(b.sourceOfSchedule(a.scrapeScheduleId(of))).toBe(one === two ? of : null);
        expect(b.sourceOfRun(a.commandRunId(of, at))).toBe(one === two ? of : null);
        expect(b.isRunOf(of, a.commandRunId(of, at))).toBe(one === two);
        expect(b.isReplayOf(of, a.replayLettersId(of, at))).toBe(one === two);
        expect(b.isBackfillOf(of, a.backfillWindowId(of, 'w'))).toBe(one === two);
        expect(readScheduleId(a.scrapeScheduleId(of))).toEqual({ instance: one, source: of });
        expect(Instance.ofQueue(a.taskQueue).name).toBe(one);
        // As a worker does it, and as a history is replayed.
        for (const taskQueue of [a.taskQueue, 'fake_replay_queue-0']) {
          expect(Instance.ofWorkflow({ workflowId: a.backfillId(of), taskQueue }).name).toBe(one);
        }
      }),
    );
  });

  test.each([
    ['scrape-quakes-2026-11-01T09:00:00Z', 'quakes'],
    ['scrape-quakes-run-2026-11-01T09:00:00.000Z', 'quakes'],
    ['lab.scrape-quakes-2026-11-01T09:00:00Z', null],
    ['backfill-quakes/2026-11-01', null],
    ['scrape-quakes', null],
  ])('of the run %s tell the default instance its source: %s', (id, source) => {
    expect(new Instance().sourceOfRun(id)).toBe(source);
  });
});

describe('the instance of a workflow', () => {
  test.each([
    ['daybook', 'backfill-quakes', 'daybook'],
    // A person may name a workflow so: on the queue of the default instance it is that one\'s anyway.
    ['daybook', 'nightly.backfill-quakes', 'daybook'],
    ['daybook-lab', 'lab.backfill-quakes', 'lab'],
    ['daybook-lab', 'of-my-own', 'lab'],
    ['replay-0', 'lab.backfill-quakes', 'lab'],
    ['replay-0', 'backfill-quakes', 'daybook'],
    ['daybook-Not A Name', 'backfill-quakes', 'daybook'],
  ])('on the queue %s with the id %s is %s', (taskQueue, workflowId, name) => {
    expect(Instance.ofWorkflow({ workflowId, taskQueue }).name).toBe(name);
  });
});

test("a query is for workflows of the instance's queue alone", () => {
  expect(new Instance().query("WorkflowType = 'canary'")).toBe("WorkflowType = 'canary' AND TaskQueue = 'daybook'");
  expect(new Instance('lab').query("WorkflowType = 'canary'")).toMatch(/ AND TaskQueue = 'daybook-lab'$/);
});

describe('the name of an instance', () => {
  test.each(['daybook', 'a', '0', 'lab-2', 'a'.repeat(30)])('may be %s', (name) => {
    expect(name).toMatch(instanceNamePattern);
  });

  test.each(['', 'Lab', 'a.b', 'a_b', 'a b', 'ä', 'a\n', 'a'.repeat(31)])('is never %j', (name) => {
    expect(name).not.toMatch(instanceNamePattern);
  });
});
