import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { DeploymentSetting } from '../../config/environment/deployment-setting.ts';
import { version } from '../../config/version.ts';

/** The workflows that workers of this installation run. */
export const workflowBundle = new URL('../../../dist/workflow-bundle.js', import.meta.url);

/** The build of this installation: `DAYBOOK_BUILD`, else the version and a hash of the workflows. */
export function ownBuild({ build }: DeploymentSetting): string {
  if (build !== null) return build;
  const hash = createHash('sha256').update(readFileSync(workflowBundle)).digest('hex');
  return `${version}-${hash.slice(0, 12)}`;
}
