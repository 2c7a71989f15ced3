import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { allocator, workerArguments } from '../../../src/embedded/processes/children.ts';
import { projectFolder, readImage } from '../../support/deploy/dockerfile.ts';

const image = readImage();
const letThrough = readFileSync(join(projectFolder, '.dockerignore'), 'utf8')
  .split('\n')
  .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));

describe('the Dockerfile', () => {
  test('copies only what .dockerignore lets through', () => {
    expect(image.sources).toContain('daybook');
    expect(image.sources.filter((source) => !letThrough.includes(source))).toEqual([]);
  });

  test('gives a worker the memory settings of one that `up` starts', () => {
    const [size] = workerArguments({}, []);
    expect(image.environment).toMatchObject({ NODE_OPTIONS: size, ...allocator });
    const unit = readFileSync(join(projectFolder, 'deploy/systemd/daybook-worker.service'), 'utf8');
    expect(unit).toContain(`NODE_OPTIONS=${size}\n`);
    expect(unit).toContain(`MALLOC_ARENA_MAX=${allocator.MALLOC_ARENA_MAX} `);
  });

  test('runs the worker as a user by number, without the embedded stack', () => {
    expect(image.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect([...image.entrypoint, ...image.command]).toEqual(['node', 'daybook', 'worker']);
    expect(image.environment).toMatchObject({ DAYBOOK_EMBEDDED: 'off', DAYBOOK_HTTP: '0.0.0.0:9464' });
    expect(image.healthcheck).toEqual(['node', 'scripts/probe.js', '/healthz']);
  });
});
