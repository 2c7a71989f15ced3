import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { projectFolder } from '../../support/deploy/dockerfile.ts';
import { renderOverlay } from '../../support/deploy/kustomize.ts';

let folder: string;

// kubectl's place is taken by a script that notes what it is asked for.
const kubectl = `#!${process.execPath}
const { appendFileSync, readFileSync } = require('node:fs');
const args = process.argv.slice(2).filter((arg, index, all) => arg !== '--namespace' && all[index - 1] !== '--namespace');
const input = args[0] === 'apply' ? readFileSync(0, 'utf8') : '';
const kinds = [...input.matchAll(/^kind: (\\S+)$/gm)].map(([, kind]) => kind);
const images = [...input.matchAll(/image: (\\S+)$/gm)].map(([, image]) => image);
appendFileSync(__dirname + '/log', JSON.stringify([args.slice(0, 3).join(' '), ...kinds, ...images]) + '\\n');
if (args[0] === 'kustomize') process.stdout.write(readFileSync(__dirname + '/rendered'));
const revision = process.env.SAME ?? String(readFileSync(__dirname + '/log', 'utf8').split('apply').length);
if (args[1] === 'deployment/daybook-worker' && args[0] === 'get')
  console.log(JSON.stringify({ metadata: { annotations: { 'deployment.kubernetes.io/revision': revision } } }));
else if (args[0] === 'get') console.log(JSON.stringify({ status: { conditions: [{ type: process.env.JOB, status: 'True', message: 'it broke' }] } }));
if (args[0] === 'logs') console.log('the log of the job');
if (args[1] === 'status' && process.env.ROLLOUT === 'stuck' && !readFileSync(__dirname + '/log', 'utf8').includes('undo')) process.exit(1);
`;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'daybook-steps-'));
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin', 'rendered'), renderOverlay('staging'));
  writeFileSync(join(folder, 'bin', 'log'), '');
  writeFileSync(join(folder, 'bin', 'kubectl'), kubectl);
  chmodSync(join(folder, 'bin', 'kubectl'), 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function step(words: readonly string[], variables: Record<string, string> = {}) {
  const path = [join(folder, 'bin'), process.env['PATH']].join(delimiter);
  const script = join(projectFolder, 'deploy', 'steps.js');
  const env = { PATH: path, ...variables };
  const result = await new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) =>
    execFile(process.execPath, [script, ...words, '--poll-ms', '10'], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    ),
  );
  const log = readFileSync(join(folder, 'bin', 'log'), 'utf8')
    .trim()
    .split('\n');
  return { ...result, asked: log.map((line) => (line === '' ? [] : (JSON.parse(line) as string[]))) };
}

const worker = 'deployment/daybook-worker';
const place = ['--overlay', 'deploy/kubernetes/overlays/staging', '--image', 'registry/daybook@sha256:1'];

describe('deploy/steps.js', () => {
  test('migrate replaces the Job of the time before, with the new image, and leaves the workers alone', async () => {
    const { code, stdout, asked } = await step(['migrate', ...place], { JOB: 'Complete' });
    expect(stdout).toBe('the log of the job\n');
    expect(code).toBe(0);
    expect(asked.map(([command]) => command)).toEqual([
      'kustomize deploy/kubernetes/overlays/staging',
      'delete job daybook-migrate',
      'apply --filename -',
      'get job daybook-migrate',
      'logs job/daybook-migrate',
    ]);
    expect(asked[2]?.filter((word) => word === 'Job')).toEqual(['Job']);
    expect(asked[2]).not.toContain('Deployment');
    expect(asked[2]).toContain('registry/daybook@sha256:1');
  });

  test('a Job that fails ends it with 1, its reason and its log', async () => {
    const { code, stdout, stderr } = await step(['smoke', ...place], { JOB: 'Failed' });
    expect(stdout).toBe('the log of the job\n');
    expect(stderr).toBe('deploy: daybook-smoke failed: it broke\n');
    expect(code).toBe(1);
  });

  const [revision, status, undo] = ['get', 'rollout status', 'rollout undo'].map((verb) => `${verb} ${worker}`);
  const commands = ({ asked }: Awaited<ReturnType<typeof step>>) =>
    asked.map(([command = '']) => command.replace(/ --.*$/, ''));

  test('deploy applies all but Jobs, and waits until the workers are ready', async () => {
    const deployed = await step(['deploy', ...place]);
    expect(deployed).toMatchObject({ code: 0, stdout: 'changed=true\n' });
    expect(deployed.asked[2]).toEqual(expect.arrayContaining(['Deployment', 'Service', 'registry/daybook@sha256:1']));
    expect(deployed.asked[2]).not.toContain('Job');
    expect(commands(deployed).slice(1)).toEqual([revision, 'apply', status, revision]);
  });

  test('deploy goes back where the new workers do not become ready', async () => {
    const stuck = await step(['deploy', ...place], { ROLLOUT: 'stuck' });
    expect(stuck.code).toBe(1);
    expect(commands(stuck).slice(3)).toEqual([status, revision, undo, status]);
  });

  test('deploy of what is there already goes nowhere back, ready or not', async () => {
    expect(await step(['deploy', ...place], { SAME: '7' })).toMatchObject({ code: 0, stdout: 'changed=false\n' });
    const stuck = await step(['deploy', ...place], { SAME: '7', ROLLOUT: 'stuck' });
    expect(stuck).toMatchObject({ code: 1, stderr: expect.stringContaining('nothing to roll back') });
    expect(commands(stuck)).not.toContain(undo);
  });

  test('says how it is called', async () => {
    expect((await step(['destroy', ...place])).code).toBe(2);
    expect((await step(['deploy', '--overlay', 'x'])).stderr).toContain('missing --image');
  });
});
