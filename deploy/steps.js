// The steps of a deployment to Kubernetes, for the pipeline and by hand. Plain Node and kubectl.
//   node deploy/steps.js migrate|schedules|smoke|deploy|rollback --overlay FOLDER [--image IMAGE]
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const worker = 'deployment/daybook-worker';
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    overlay: { type: 'string' },
    image: { type: 'string' },
    'timeout-seconds': { type: 'string', default: '600' },
    'poll-ms': { type: 'string', default: '2000' },
  },
});
const tasks = ['migrate', 'schedules', 'smoke'];
const [step = ''] = positionals;
const timeoutSeconds = Number(values['timeout-seconds']);

if (!values.overlay || !(tasks.includes(step) || step === 'deploy' || step === 'rollback')) {
  say(`found step "${step}", expected ${tasks.join(', ')}, deploy or rollback, and --overlay FOLDER`);
  process.exit(2);
}
if (step !== 'rollback' && !values.image) {
  say('missing --image, e.g. --image registry.example.com/daybook:0.3.0');
  process.exit(2);
}
const rendered = must(kubectl(['kustomize', values.overlay]));
const namespace = /^ {2}namespace: (\S+)$/m.exec(rendered)?.[1] ?? 'default';
const objects = rendered.split(/^---$/m).map((text) => text.replace(/image: daybook$/m, `image: ${values.image}`));
const kindOf = (text) => /^kind: (\S+)$/m.exec(text)?.[1];
const lasting = objects.filter((text) => kindOf(text) !== 'Job');

if (step === 'rollback') rollBack();
else if (step === 'deploy') deploy();
else await runTask(step);

/**
 * Applies all but the Jobs; what does not become ready goes back to what was there before. Says on stdout whether the workers are
 * others now: where they are not, what is there has nothing to go back from.
 */
function deploy() {
  const before = revision();
  apply(lasting);
  const { status } = rolloutStatus();
  const changed = revision() !== before;
  process.stdout.write(`changed=${changed}\n`);
  if (status === 0) return;
  say(
    `the workers did not become ready: ${changed ? 'rolling back' : 'they are unchanged, so there is nothing to roll back'}`,
  );
  if (changed) rollBack();
  process.exit(1);
}

function rollBack() {
  must(inNamespace(['rollout', 'undo', worker]));
  must(rolloutStatus());
}

/** It counts up with each change of the workers; undefined if there are none. */
function revision() {
  const text = must(inNamespace(['get', worker, '--ignore-not-found', '--output', 'json']));
  return text === '' ? undefined : JSON.parse(text).metadata.annotations?.['deployment.kubernetes.io/revision'];
}

function rolloutStatus() {
  return inNamespace(['rollout', 'status', worker, `--timeout=${timeoutSeconds}s`]);
}

/** Runs one Job to its end. A Job cannot be changed, so that of the time before goes first. */
async function runTask(task) {
  const name = `daybook-${task}`;
  const job = objects.find((text) => kindOf(text) === 'Job' && text.includes(`\n  name: ${name}\n`));
  if (!job) {
    say(`found no Job ${name} in ${values.overlay}`);
    process.exit(1);
  }
  must(inNamespace(['delete', 'job', name, '--ignore-not-found', '--wait']));
  // What it mounts; the workers are left as they are.
  apply([...lasting.filter((text) => kindOf(text) !== 'Deployment'), job]);
  const deadline = Date.now() + timeoutSeconds * 1_000;
  while (Date.now() < deadline) {
    const { status = {} } = JSON.parse(must(inNamespace(['get', 'job', name, '--output', 'json'])));
    const ended = (status.conditions ?? []).find(
      ({ type, status: is }) => /Complete|Failed/.test(type) && is === 'True',
    );
    if (ended) {
      process.stdout.write(inNamespace(['logs', `job/${name}`]).stdout);
      if (ended.type !== 'Failed') return;
      say(`${name} failed: ${ended.message ?? ended.reason ?? 'see its log'}`);
      process.exit(1);
    }
    await sleep(Number(values['poll-ms']));
  }
  say(`${name} did not end within ${timeoutSeconds} s`);
  process.exit(1);
}

function apply(texts) {
  must(inNamespace(['apply', '--filename', '-'], texts.join('\n---\n')));
}

function inNamespace(args, input) {
  return kubectl(['--namespace', namespace, ...args], input);
}

function kubectl(args, input = '') {
  // A ConfigMap may be 1 MiB, which is also the default limit of the output.
  const options = { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'inherit'], maxBuffer: 64 * 1024 * 1024 };
  return spawnSync('kubectl', args, options);
}

function must({ status, stdout, error }) {
  if (status === 0) return stdout;
  say(error ? `kubectl cannot be run: ${error.message}` : `kubectl ended with ${status}`);
  process.exit(1);
}

function say(message) {
  process.stderr.write(`deploy: ${message}\n`);
}
