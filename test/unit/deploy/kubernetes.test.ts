import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { projectFolder, readImage } from '../../support/deploy/dockerfile.ts';
import { readKustomization, readObjects } from '../../support/deploy/kustomize.ts';

interface Container {
  readonly image: string;
  readonly args: string[];
  readonly ports?: { name: string; containerPort: number }[];
  readonly volumeMounts: { name: string; mountPath: string }[];
  readonly envFrom: { secretRef: { name: string } }[];
  readonly securityContext: object;
  readonly readinessProbe?: { httpGet: { path: string; port: string } };
  readonly livenessProbe?: { httpGet: { path: string; port: string } };
}
interface Pod {
  readonly metadata: { labels: Record<string, string>; annotations?: Record<string, string> };
  readonly spec: {
    readonly containers: Container[];
    readonly securityContext: object;
    readonly terminationGracePeriodSeconds?: number;
    readonly volumes: {
      name: string;
      configMap?: { name: string };
      persistentVolumeClaim?: { claimName: string };
    }[];
  };
}
interface KubernetesObject {
  readonly kind: string;
  readonly metadata: { name: string; namespace: string; annotations?: Record<string, string> };
  readonly spec: {
    readonly template?: Pod;
    readonly selector?: Record<string, unknown>;
    readonly strategy?: object;
    readonly accessModes?: string[];
    readonly ports?: { port: number; targetPort: string }[];
  };
}

const base = join(projectFolder, 'deploy', 'kubernetes', 'base');
const components = join(projectFolder, 'deploy', 'kubernetes', 'components');
const overlays = ['production', 'staging'];
const objects = readObjects<KubernetesObject>('staging');
const named = (kind: string) => objects.flatMap(({ kind: own, metadata }) => (own === kind ? [metadata.name] : []));
const find = (kind: string, name: string) =>
  objects.find((object) => object.kind === kind && object.metadata.name === name)?.spec;
const pods = objects.flatMap(({ spec }) => spec.template ?? []);
const containers = pods.flatMap(({ spec }) => spec.containers);
const worker = find('Deployment', 'daybook-worker');
const port = Number(readImage().environment['DAYBOOK_HTTP']?.split(':')[1]);

const kubectl = (...args: string[]) => spawnSync('kubectl', args, { encoding: 'utf8' });
const hasKubectl = kubectl('version', '--client').status === 0;

test.runIf(hasKubectl).each(overlays)('kubectl renders the overlay %s, with what deploy/steps.js looks for', (name) => {
  const { stdout } = kubectl('kustomize', join(base, '..', 'overlays', name));
  const idOf = ({ kind, metadata }: KubernetesObject) => `${kind} ${metadata.namespace} ${metadata.name}`;
  const rendered = parseAllDocuments(stdout).map((document) => idOf(document.toJS() as KubernetesObject));
  const expected = readObjects<KubernetesObject>(name).map(idOf);
  expect(rendered.filter((id) => !id.startsWith('ConfigMap')).toSorted()).toEqual(expected.toSorted());
  expect(rendered).toContainEqual(expect.stringMatching(/^ConfigMap daybook-\w+ daybook-config-\w+$/));
  expect(stdout.match(/image: daybook$/gm)).toHaveLength(4);
  for (const job of named('Job')) expect(stdout).toContain(`\n  name: ${job}\n`);
});

test.runIf(hasKubectl).each(readdirSync(components))('kubectl renders the component %s', (name) => {
  const folder = mkdtempSync(join(tmpdir(), 'daybook-component-'));
  try {
    const overlay = {
      resources: [relative(realpathSync(folder), base)],
      components: [relative(realpathSync(folder), join(components, name))],
    };
    writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(overlay));
    const { stdout, stderr } = kubectl('kustomize', folder);
    expect(stderr).toBe('');
    const rendered = parseAllDocuments(stdout).map((document) => document.toJS() as KubernetesObject);
    const { resources } = parse(readFileSync(join(components, name, 'kustomization.yaml'), 'utf8')) as {
      resources: string[];
    };
    // A store in a bucket needs no claim.
    const removed = name === 'bucket' ? ['PersistentVolumeClaim'] : [];
    expect(rendered).toHaveLength(objects.length + resources.length - removed.length);
    expect(rendered.filter(({ kind }) => removed.includes(kind))).toEqual([]);
    const data = rendered.flatMap(({ spec }) => spec.template?.spec.volumes.filter((volume) => volume.name === 'data'));
    expect(data.filter(Boolean)).toHaveLength(name === 'bucket' ? 0 : 4);
    const deployment = rendered.find(({ kind }) => kind === 'Deployment');
    // KEDA sets the number of workers itself.
    expect(Object.hasOwn(deployment?.spec ?? {}, 'replicas')).toBe(name !== 'keda');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe('the kustomize base', () => {
  test('takes in every file, and overlays exist with a configuration each', () => {
    const files = readdirSync(base).filter((file) => file !== 'kustomization.yaml');
    expect(readKustomization('base').resources.toSorted()).toEqual(files.toSorted());
    for (const name of overlays) {
      const { configMapGenerator = [], namespace } = readKustomization('overlays', name);
      expect(namespace).toBe(`daybook-${name}`);
      expect(configMapGenerator).toEqual([{ name: 'daybook-config', files: ['daybook.yaml'] }]);
      expect(existsSync(join(base, '..', 'overlays', name, 'daybook.yaml'))).toBe(true);
    }
  });

  test('refers only to what is there', () => {
    const volumes = pods.flatMap(({ spec }) => spec.volumes);
    const maps = new Set(volumes.flatMap(({ configMap }) => configMap?.name ?? []));
    const claims = new Set(volumes.flatMap(({ persistentVolumeClaim: claim }) => claim?.claimName ?? []));
    expect([...maps]).toEqual(['daybook-config']);
    expect([...claims]).toEqual(named('PersistentVolumeClaim'));
    for (const { spec } of pods) {
      const known = spec.volumes.map(({ name }) => name);
      expect(known).toEqual(expect.arrayContaining(spec.containers[0]?.volumeMounts.map(({ name }) => name) ?? []));
    }
    const { matchLabels } = (worker?.selector ?? {}) as { matchLabels: object };
    expect(worker?.template?.metadata.labels).toMatchObject(matchLabels);
    expect(find('Service', 'daybook')?.selector).toEqual(matchLabels);
  });

  test('can be applied by Argo CD and Flux: Jobs are replaced, in their order, and none is made again on its own', () => {
    const annotations = (name: string) =>
      objects.find(({ kind, metadata }) => kind !== 'PodDisruptionBudget' && metadata.name === name)?.metadata
        .annotations;
    const wave = (name: string) => Number(annotations(name)?.['argocd.argoproj.io/sync-wave']);
    expect(wave('daybook-migrate')).toBeLessThan(wave('daybook-worker'));
    expect(wave('daybook-worker')).toBeLessThan(wave('daybook-schedules'));
    expect(annotations('daybook-smoke')?.['argocd.argoproj.io/hook']).toBe('PostSync');
    for (const name of named('Job')) {
      expect(annotations(name)).toHaveProperty('argocd.argoproj.io/hook-delete-policy', 'BeforeHookCreation');
      const flux = Object.keys(annotations(name) ?? {}).filter((key) => key.startsWith('kustomize.toolkit.fluxcd.io/'));
      expect(flux).toHaveLength(1);
      expect(find('Job', name)).not.toHaveProperty('ttlSecondsAfterFinished');
    }
  });

  test('lets one worker at a time be drained, and does not go through a large volume at each start', () => {
    const budget = find('PodDisruptionBudget', 'daybook-worker');
    expect(budget).toEqual({ maxUnavailable: 1, selector: worker?.selector });
    for (const { spec } of pods) expect(spec.securityContext).toHaveProperty('fsGroupChangePolicy', 'OnRootMismatch');
  });

  test('mounts what the image reads and writes', () => {
    const { DAYBOOK_CONFIG: config = '', DAYBOOK_DATA: data = '' } = readImage().environment;
    for (const { volumeMounts } of containers) {
      const paths = volumeMounts.map(({ mountPath }) => mountPath);
      expect(paths).toEqual([join(config, '..'), data, '/tmp']);
    }
    expect(find('PersistentVolumeClaim', 'daybook-data')?.accessModes).toEqual(['ReadWriteMany']);
  });

  test('runs a worker, and Jobs for migrate, schedules and smoke', () => {
    expect(worker?.template?.spec.containers[0]?.args).toEqual(['worker']);
    const jobs = named('Job').map((name) => [name, find('Job', name)?.template?.spec.containers[0]?.args]);
    expect(jobs).toEqual([
      ['daybook-migrate', ['migrate']],
      ['daybook-schedules', ['schedules', 'apply']],
      ['daybook-smoke', ['smoke']],
    ]);
  });

  test('takes no worker away before another is ready, and gives each longer to stop than it needs', () => {
    expect(worker?.strategy).toEqual({ type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } });
    expect(worker?.template?.spec.terminationGracePeriodSeconds).toBeGreaterThan(15);
    const [container] = worker?.template?.spec.containers ?? [];
    expect(container?.ports).toEqual([{ name: 'http', containerPort: port }]);
    expect(container?.readinessProbe?.httpGet).toEqual({ path: '/readyz', port: 'http' });
    expect(container?.livenessProbe?.httpGet).toEqual({ path: '/healthz', port: 'http' });
    expect(worker?.template?.metadata.annotations?.['prometheus.io/port']).toBe(String(port));
  });

  test('lets nothing run as root or write to its image', () => {
    const uid = Number(readImage().user.split(':')[0]);
    expect(containers).toHaveLength(4);
    for (const { spec } of pods) expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: uid });
    for (const { securityContext } of containers) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
  });
});
