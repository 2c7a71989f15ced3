import type { CanaryReport } from '../domain/canary.ts';
import type { BlobStore } from './blob-store.ts';

const path = 'canary/latest.json';

/** Keeps what the last canary had to say, and when one last came through. */
export async function writeCanaryReport(
  store: BlobStore,
  report: Omit<CanaryReport, 'succeededAt'>,
): Promise<CanaryReport> {
  const succeededAt = report.ok ? report.at : ((await readCanaryReport(store))?.succeededAt ?? null);
  const kept = { ...report, succeededAt };
  await store.put(path, `${JSON.stringify(kept)}\n`);
  return kept;
}

/** What the last canary had to say; null where none has ended yet. */
export async function readCanaryReport(store: BlobStore): Promise<CanaryReport | null> {
  const content = await store.get(path);
  if (!content) return null;
  try {
    return JSON.parse(content.toString()) as CanaryReport;
  } catch {
    // Somebody edited it: the next canary writes it anew.
    return null;
  }
}
