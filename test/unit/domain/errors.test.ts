import { describe, expect, test } from 'vitest';
import { messageOf, SourceRefused, SourceUnavailable } from '../../../src/domain/errors.ts';

describe('messageOf', () => {
  test('is the message, or the name of an error that has none', () => {
    expect(messageOf(new Error('broken'))).toBe('broken');
    expect(messageOf(new TypeError())).toBe('TypeError');
    expect(messageOf('text')).toBe('text');
    expect(messageOf(undefined)).toBe('undefined');
  });

  test('of several failures at once names them all', () => {
    const refused = new AggregateError([new Error('::1 refused'), new Error('127.0.0.1 refused')]);
    expect(messageOf(refused)).toBe('::1 refused; 127.0.0.1 refused');
    expect(messageOf(new AggregateError([new Error('a')], 'all failed'))).toBe('all failed');
  });
});

describe('an error of Daybook', () => {
  test('says what it is, what comes next, how long to wait and what caused it', () => {
    const cause = new Error('socket closed');
    const error = new SourceUnavailable('fetch: quakes answered 503', { cause, retryAfterMs: 5_000 });
    expect(error).toMatchObject({ name: 'SourceUnavailable', type: 'SourceUnavailable', next: 'retry', cause });
    expect(error.retryAfterMs).toBe(5_000);
  });

  test('has neither wait nor cause where it was given none', () => {
    const error = new SourceRefused('fetch: quakes answered 403');
    expect(error.retryAfterMs).toBeUndefined();
    expect(Object.hasOwn(error, 'cause')).toBe(false);
  });
});
