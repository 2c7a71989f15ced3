import { describe, expect, test } from 'vitest';
import { workerArguments } from '../../../../src/embedded/processes/children.ts';

const sizes = (nodeOptions?: string) =>
  workerArguments({ NODE_OPTIONS: nodeOptions }, []).filter((argument) => argument.includes('semi-space'));

describe('a worker', () => {
  test('is started with a larger young generation, before its command', () => {
    expect(workerArguments({}, ['--new-store'])).toEqual([
      '--max-semi-space-size=32',
      '--enable-source-maps',
      expect.stringMatching(/main\.js$/),
      'worker',
      '--new-store',
    ]);
    expect(sizes('--max-old-space-size=200')).toHaveLength(1);
  });

  test('has the size that NODE_OPTIONS has', () => {
    expect(sizes('--max-semi-space-size=8')).toEqual([]);
    expect(sizes('--no-warnings --max_semi_space_size=8')).toEqual([]);
  });
});
