import { describe, expect, test } from 'vitest';
import { decideProbe, knownDocument } from '../../../../src/domain/run/probe-decision.ts';
import { clearPollState, initialState, type SourceState } from '../../../../src/domain/state/source-state.ts';
import type { AlertName } from '../../../../src/domain/monitoring/alert.ts';
import { planOf } from '../../../../src/config/plan/plan.ts';
import { parse } from '../../config/daybook-yaml.ts';

const config = parse(`version: 1
sources:
  - { name: a, type: http_json, url: 'https://api.test/a', id: id, occurred_at: at, schedule: { every: 1m, probe: true }, expect: { max_staleness: 1h } }
`);
const [source] = config.sources;
if (!source) throw new Error('expected a source');
const plan = planOf(config, source);
const now = new Date('2026-11-01T12:00:00Z');
const before = '2026-11-01T11:59:00.000Z';
const after = '2026-11-01T12:01:00.000Z';
const { fetchFingerprint, shapeFingerprint, id } = plan;
const whole: SourceState = {
  ...initialState({ fetchFingerprint, shapeFingerprint, id, databaseId: 'db' }),
  document: { sha256: 'abc', poll: ['keys'] },
  previousPoll: ['keys'],
  lastNewAt: before,
};
const decide = (change: Partial<SourceState>, alerts: AlertName[] = [], databaseId: string | null = 'db') =>
  decideProbe({ plan, stored: { ...whole, ...change }, databaseId, alerts: new Set(alerts), now }).kind;

describe('a probe', () => {
  test('asks a source whose last poll came to its end', () => {
    expect(decide({})).toBe('ask');
    expect(decide({ document: null, etag: '"1"' })).toBe('ask');
    expect(decide({ document: null, lastModified: 'yesterday' })).toBe('ask');
    expect(decide({}, [], null)).toBe('ask');
  });

  test('starts a run where nothing is known to compare with', () => {
    const stored = null;
    expect(decideProbe({ plan, stored, databaseId: null, alerts: new Set(), now }).kind).toBe('run');
    expect(decide({ document: null })).toBe('run');
    expect(decide({ previousPoll: [] })).toBe('run');
    expect(decideProbe({ plan, stored: clearPollState(whole), databaseId: null, alerts: new Set(), now }).kind).toBe(
      'run',
    );
  });

  test.each<[string, Partial<SourceState>]>([
    ['the address', { fetchFingerprint: 'other' }],
    ['what shapes records', { shapeFingerprint: 'other' }],
    ['the id', { id: ['other'] }],
    ['the database', { databaseId: 'other' }],
  ])('starts a run if %s is another one', (_what, change) => {
    expect(decide(change)).toBe('run');
  });

  test.each<[string, Partial<SourceState>]>([
    ['failed', { failures: { count: 1, until: null, reason: 'x' } }],
    ['made dead letters', { document: { sha256: 'abc', poll: ['keys'], rejected: true } }],
    ['met a sink that was down', { sinkDownSince: { csv: before } }],
  ])('starts a run if the last one %s', (_what, change) => {
    expect(decide(change)).toBe('run');
  });

  test('leaves out a source that backs off, or asked not to be called', () => {
    expect(decide({ failures: { count: 2, until: after, reason: 'x' } })).toBe('wait');
    expect(decide({ failures: { count: 2, until: before, reason: 'x' } })).toBe('run');
    expect(decide({ notBefore: after })).toBe('wait');
    expect(decide({ notBefore: before })).toBe('ask');
  });

  test('does not ask a source that said that nothing changes yet', () => {
    expect(decide({ freshUntil: after })).toBe('unchanged');
    expect(decide({ freshUntil: before })).toBe('ask');
  });

  test('leaves it to a run to open or resolve an alert', () => {
    expect(decide({}, ['run_failed'])).toBe('run');
    expect(decide({}, ['empty', 'deferred_csv'])).toBe('ask');
    expect(decide({}, ['staleness'])).toBe('run');
    const long = '2026-11-01T10:00:00.000Z';
    expect(decide({ lastNewAt: long })).toBe('run');
    expect(decide({ lastNewAt: long }, ['staleness'])).toBe('ask');
    expect(decide({ lastNewAt: null })).toBe('run');
  });

  test('does not trust a hash that a poll by another version has left behind', () => {
    expect(knownDocument(whole)).toBe('abc');
    expect(knownDocument({ ...whole, previousPoll: ['other'] })).toBeNull();
  });
});
