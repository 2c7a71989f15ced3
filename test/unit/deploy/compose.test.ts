import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readCompose, startOrder } from '../../support/deploy/compose.ts';
import { projectFolder, readImage } from '../../support/deploy/dockerfile.ts';
import { violations } from '../../support/published-schemas.ts';

const secrets = { PG_PASSWORD: 'one-secret', TEMPORAL_DB_PASSWORD: 'another', GRAFANA_PASSWORD: 'a third' };
const file = readCompose(secrets);
const services = Object.entries(file.services);
const runsOnce = (name: string) =>
  services.some(([, { depends_on }]) => depends_on?.[name]?.condition === 'service_completed_successfully');
const isTool = (name: string) => file.services[name]?.profiles !== undefined;

describe('docker-compose.yml', () => {
  test('is valid by the schema of the Compose specification', () => {
    expect(violations('compose-spec.json', file)).toEqual([]);
    const misspelt = { services: { worker: { image: 'daybook', restarts: 'always' } } };
    expect(violations('compose-spec.json', misspelt)).not.toEqual([]);
  });

  test('asks for each password, and has none of its own', () => {
    for (const missing of Object.keys(secrets)) {
      expect(() => readCompose({ ...secrets, [missing]: '' })).toThrow(`${missing}: set it in .env`);
    }
    const passwords = services.flatMap(([, { environment = {} }]) =>
      Object.entries(environment).flatMap(([variable, value]) => (/PASSWORD|PWD/.test(variable) ? [value] : [])),
    );
    expect(new Set(passwords)).toEqual(new Set(Object.values(secrets)));
  });

  test('publishes ports on the loopback address only', () => {
    const published = services.flatMap(([, { ports = [] }]) => ports);
    expect(published.length).toBeGreaterThan(0);
    for (const port of published) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  test('publishes the status page where the image serves it', () => {
    const port = readImage().environment['DAYBOOK_HTTP']?.split(':')[1];
    expect(file.services['worker-1']?.ports).toEqual([`127.0.0.1:9464:${port}`]);
  });

  test('has another service wait for each one that ends, or `up --wait` would take its end for a failure', () => {
    const once = services.filter(([name, { restart }]) => restart?.startsWith('on-failure') && !isTool(name));
    expect(once.map(([name]) => name).filter((name) => !runsOnce(name))).toEqual([]);
    expect(once.length).toBeGreaterThan(3);
  });

  test('pins every image by its version', () => {
    const images = services.flatMap(([, { image, build }]) => (build === undefined ? [image] : []));
    expect(images.filter((image) => !/^[\w/-]+:v?\d+\.\d+(\.\d+)?(-\w+)?$/.test(image))).toEqual([]);
    expect(images).toContain('postgres:18.4-bookworm');
  });

  test('gives every service a health check, or runs it once, and restarts it', () => {
    const wanting = services.filter(([name, { healthcheck, restart }]) =>
      runsOnce(name) ? !restart?.startsWith('on-failure') : !healthcheck?.test || restart !== 'unless-stopped',
    );
    expect(wanting.map(([name]) => name).filter((name) => !isTool(name))).toEqual([]);
  });

  test('starts workers only after the migration has succeeded, and applies the schedules once they are ready', () => {
    const order = startOrder(file, ['schedules']);
    for (const worker of ['worker-1', 'worker-2']) {
      expect(file.services[worker]?.depends_on?.['migrate']).toEqual({ condition: 'service_completed_successfully' });
      expect(order.indexOf('postgres')).toBeLessThan(order.indexOf('migrate'));
      expect(order.indexOf('migrate')).toBeLessThan(order.indexOf(worker));
      expect(file.services['schedules']?.depends_on?.[worker]).toEqual({ condition: 'service_healthy' });
    }
  });

  test('lets workers share one data folder, and gives them longer to stop than they need', () => {
    const data = readImage().environment['DAYBOOK_DATA'] ?? '';
    for (const worker of ['worker-1', 'worker-2']) {
      expect(file.services[worker]?.volumes).toContain(`daybook-data:${data}`);
      expect(Number.parseInt(file.services[worker]?.stop_grace_period ?? '', 10)).toBeGreaterThan(15);
    }
  });

  test('mounts only volumes that it declares and files that exist', () => {
    for (const [name, { volumes = [] }] of services) {
      for (const volume of volumes) {
        const from = volume.split(':')[0] ?? '';
        const isThere = from.startsWith('.') ? existsSync(join(projectFolder, from)) : from in file.volumes;
        expect(isThere, `${name}: ${volume}`).toBe(true);
      }
    }
  });
});
