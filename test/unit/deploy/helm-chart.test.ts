import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { projectFolder } from '../../support/deploy/dockerfile.ts';
import { readObjects } from '../../support/deploy/kustomize.ts';

interface KubernetesObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly replicas?: number; readonly template?: { readonly spec: Pod } };
}
interface Pod {
  readonly containers: readonly {
    readonly args: readonly string[];
    readonly image: string;
    readonly volumeMounts: readonly { readonly mountPath: string }[];
  }[];
  readonly volumes: readonly { readonly name: string; readonly configMap?: { readonly name: string } }[];
  readonly serviceAccountName?: string;
}

const chart = join(projectFolder, 'deploy', 'helm', 'daybook');
const config = ['--set-file', `config=${join(projectFolder, 'deploy', 'compose', 'config', 'daybook.yaml')}`];
const goPackage = 'helm.sh/helm/v3/cmd/helm@v3.22.0';
const programs = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'daybook',
  goPackage.replace(/.*@/, 'helm-'),
);

/** Where Helm cannot be built, for want of Go or of a network, nothing is said of the chart. */
function buildHelm(): boolean {
  mkdirSync(programs, { recursive: true });
  const variables = { ...process.env, GOBIN: programs, GOFLAGS: '' };
  const { status, stderr } = spawnSync('go', ['install', goPackage], { encoding: 'utf8', env: variables });
  if (status !== 0) process.stderr.write(`Helm could not be built: ${stderr ?? 'found no go'}\n`);
  return status === 0;
}

function helm(...args: string[]): { readonly status: number | null; readonly text: string } {
  const { status, stdout, stderr } = spawnSync(join(programs, 'helm'), args, { encoding: 'utf8' });
  return { status, text: stdout + stderr };
}

function render(...options: string[]): KubernetesObject[] {
  const { status, text } = helm('template', 'daybook', chart, '--kube-version', '1.31.0', ...config, ...options);
  if (status !== 0) throw new Error(text);
  return parseAllDocuments(text).map((document) => document.toJS() as KubernetesObject);
}

const kindsOf = (objects: readonly KubernetesObject[]) => objects.map(({ kind }) => kind).toSorted();
const podOf = (objects: readonly KubernetesObject[], name: string) =>
  objects.find(({ metadata, spec }) => metadata.name === name && spec?.template)?.spec.template?.spec;

describe.runIf(buildHelm())('the Helm chart', () => {
  test('passes the linter of Helm', () => {
    expect(helm('lint', '--strict', chart, '--kube-version', '1.31.0', ...config)).toMatchObject({ status: 0 });
  });

  test('has the objects of the kustomize base, and the configuration', () => {
    const base = kindsOf(readObjects<KubernetesObject>('staging'));
    expect(kindsOf(render())).toEqual([...base, 'ConfigMap'].toSorted());
  });

  test.each(['worker', 'migrate', 'schedules', 'smoke'])('runs in the pod %s what the kustomize base runs', (part) => {
    const rendered = render('--set', 'image.repository=registry/daybook', '--set', 'image.tag=1.2.3');
    const own = podOf(rendered, `daybook-${part}`);
    const expected = podOf(readObjects<KubernetesObject>('staging'), `daybook-${part}`);
    expect(own?.containers[0]?.image).toBe('registry/daybook:1.2.3');
    expect(comparable(own)).toEqual(comparable(expected));
  });

  test('migrates before an upgrade and applies the schedules after it', () => {
    const hooks = render().flatMap(({ metadata }) => {
      const hook = metadata.annotations?.['helm.sh/hook'];
      return hook === undefined ? [] : [[metadata.name, hook]];
    });
    expect(Object.fromEntries(hooks)).toEqual({
      'daybook-migrate': 'pre-install,pre-upgrade',
      'daybook-schedules': 'post-install,post-upgrade',
      'daybook-smoke': 'test',
    });
    // What a hook runs before the rest is installed must not mount it.
    expect(podOf(render(), 'daybook-migrate')?.volumes).toEqual([{ name: 'temporary', emptyDir: {} }]);
  });

  test('adds what the cluster may have, and leaves the number of workers to KEDA', () => {
    const options = [
      'serviceMonitor.enabled=true',
      'networkPolicy.enabled=true',
      'keda.enabled=true',
      'keda.temporalAddress=temporal:7233',
    ];
    const objects = render(...options.flatMap((option) => ['--set', option]));
    expect(kindsOf(objects)).toEqual(expect.arrayContaining(['NetworkPolicy', 'ScaledObject', 'ServiceMonitor']));
    const replicas = (list: readonly KubernetesObject[]) =>
      list.find(({ kind }) => kind === 'Deployment')?.spec.replicas;
    expect(replicas(objects)).toBeUndefined();
    expect(replicas(render())).toBe(2);
  });

  test('makes and mounts no claim for a store in a bucket, and uses the service account that has a role there', () => {
    const objects = render('--set', 'data.claim=false', '--set', 'serviceAccountName=role');
    expect(kindsOf(objects)).not.toContain('PersistentVolumeClaim');
    for (const name of ['daybook-worker', 'daybook-schedules', 'daybook-smoke']) {
      const { volumes, containers, serviceAccountName } = podOf(objects, name) ?? {};
      expect(volumes?.map((volume) => volume.name)).toEqual(['config', 'temporary']);
      expect(containers?.[0]?.volumeMounts.map(({ mountPath }) => mountPath)).toEqual(['/etc/daybook', '/tmp']);
      expect(serviceAccountName).toBe('role');
    }
    expect(podOf(render(), 'daybook-worker')?.serviceAccountName).toBeUndefined();
  });

  test.each([
    [[], 'config'],
    [[...config, '--set', 'wroker.replicas=3'], 'wroker'],
    [[...config, '--set', 'worker.replicas=many'], 'replicas'],
    [[...config, '--set', 'keda.enabled=true'], 'keda.temporalAddress: set it'],
  ])('refuses %j, and names it', (options, named) => {
    const { status, text } = helm('template', 'daybook', chart, '--kube-version', '1.31.0', ...options);
    expect(status).not.toBe(0);
    expect(text).toContain(named);
  });
});

/** A pod without what differs: selectors name the release, too, and migrate runs before there are a configuration and a claim. */
function comparable(pod: Pod | undefined): object {
  const {
    topologySpreadConstraints: _selector,
    volumes: _volumes,
    containers,
    ...rest
  } = { containers: [], ...pod } as Pod & Record<string, unknown>;
  const {
    image: _image,
    imagePullPolicy: _policy,
    volumeMounts: _mounts,
    ...container
  } = {
    ...containers[0],
  } as Record<string, unknown>;
  return { ...rest, container };
}
