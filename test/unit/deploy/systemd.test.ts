import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { projectFolder, readImage } from '../../support/deploy/dockerfile.ts';

const file = join(projectFolder, 'deploy', 'systemd', 'daybook-worker.service');
const lines = readFileSync(file, 'utf8').split('\n');
const valuesOf = (key: string) =>
  lines.flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []));
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

describe('the systemd unit', () => {
  test.runIf(hasSystemd)('is valid by systemd itself', () => {
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
    expect(status).toBe(0);
    expect(stderr).toBe('');
  });

  test('has the paths and the user that docs/deployment.md names', () => {
    const [, section = ''] = readFileSync(join(projectFolder, 'docs', 'deployment.md'), 'utf8').split('## systemd');
    const [documented = ''] = section.split('\n## ');
    const [user] = valuesOf('User');
    const [folder] = valuesOf('WorkingDirectory');
    expect(documented).toContain(`useradd --system --home-dir /var/lib/${valuesOf('StateDirectory')[0]} ${user}`);
    expect(documented).toContain(`cd ${folder} && npm ci --ignore-scripts && npm run build`);
    expect(lines[0]).toContain(`${folder} is a clone with \`npm ci --ignore-scripts\` and \`npm run build\` done`);
    for (const [path] of valuesOf('EnvironmentFile').map((text) => [text])) expect(documented).toContain(`. ${path};`);
    const [, variables = ''] = valuesOf('Environment');
    for (const pair of variables.split(' ')) expect(documented).toContain(pair);
  });

  test('runs what the image runs, where the image has its files, and gives it as long to stop', () => {
    const { entrypoint, command, environment } = readImage();
    expect(valuesOf('ExecStart')).toEqual([`/usr/bin/env ${[...entrypoint, ...command].join(' ')}`]);
    const set = Object.fromEntries(
      valuesOf('Environment').flatMap((text) =>
        text.split(' ').map((pair): [string, string] => [pair.split('=')[0] ?? '', pair.slice(pair.indexOf('=') + 1)]),
      ),
    );
    const { DAYBOOK_HTTP: _, ...same } = environment;
    expect(set).toEqual(same);
    expect(`/var/lib/${valuesOf('StateDirectory')[0]}`).toBe(environment['DAYBOOK_DATA']);
    expect(Number(valuesOf('TimeoutStopSec')[0])).toBeGreaterThan(15);
  });
});
