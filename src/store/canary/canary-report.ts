import type { CanaryReport } from '../../domain/monitoring/canary.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { storePaths } from '../paths/paths.ts';
import { hasFields, readStoredJson, storedJson } from '../blobs/stored-json.ts';

const path = storePaths.canaryReport.build({});

/** Keeps the result of the last canary, and when one last passed. */
export async function writeCanaryReport(
  store: BlobStore,
  report: Omit<CanaryReport, 'succeededAt'>,
): Promise<CanaryReport> {
  const succeededAt = report.ok ? report.at : ((await readCanaryReport(store))?.succeededAt ?? null);
  const kept = { ...report, succeededAt };
  await store.put(path, storedJson(kept));
  return kept;
}

/** The result of the last canary; null if none has ended yet. */
export async function readCanaryReport(store: BlobStore): Promise<CanaryReport | null> {
  return readStoredJson(store, path, 'the report of a canary', isReport);
}

function isReport(value: unknown): value is CanaryReport {
  if (
    !hasFields(value, {
      at: 'time',
      ok: 'boolean',
      workflowId: 'string',
      lagMs: 'number?',
      error: 'object?',
      succeededAt: 'time?',
    })
  )
    return false;
  const { error } = value as CanaryReport;
  return error === null || hasFields(error, { step: 'string', type: 'string', message: 'string' });
}
