import { isObject } from '../../domain/is-object.ts';
import type { RunRef } from '../../domain/run/batch.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { hasFields, readStoredJson, storedJson } from '../blobs/stored-json.ts';
import { storePaths } from '../paths/paths.ts';

/** A job as its API knows it. */
export interface SubmittedJob {
  /** Its id, or its address. */
  readonly job: string;
  /** ISO 8601. */
  readonly submittedAt: string;
  /** JSON text of the answer that gave it; null if no request needs it. */
  readonly answer: string | null;
  /** The times that it was requested for: canonical text, null = none. */
  readonly since: string | null;
  readonly until: string | null;
}

/** What a run knows of the jobs of its export, and must not be in a workflow: addresses. */
export interface ExportJobs {
  /** Null if none is known. */
  job(number: number): Promise<SubmittedJob | null>;
  /** Keeps a job, unless there is one; returns the one that is kept. */
  keepJob(number: number, job: SubmittedJob): Promise<SubmittedJob>;
  /** Addresses of its documents; null if they are not known. */
  documents(number: number): Promise<readonly string[] | null>;
  keepDocuments(number: number, addresses: readonly string[]): Promise<void>;
  dropDocuments(number: number): Promise<void>;
}

/** @param hide, reveal hide secrets in what is stored, and put them back: an address may echo one */
export function createExportJobs(
  store: BlobStore,
  run: RunRef,
  { hide, reveal }: { readonly hide: (text: string) => string; readonly reveal: (text: string) => Promise<string> },
): ExportJobs {
  const pathOf = (number: number, part: 'job' | 'documents') => {
    const { source, workflowId, firstRunId } = run;
    return storePaths.exportJob.build({ source, workflowId, firstRunId, number, part });
  };

  async function job(number: number): Promise<SubmittedJob | null> {
    const kept = await readStoredJson(store, pathOf(number, 'job'), 'a job of an export', isJob);
    if (!kept) return null;
    return { ...kept, job: await reveal(kept.job), answer: kept.answer === null ? null : await reveal(kept.answer) };
  }

  return {
    job,

    async keepJob(number, submitted) {
      const answer = submitted.answer === null ? null : hide(submitted.answer);
      const content = storedJson({ ...submitted, job: hide(submitted.job), answer });
      if (await store.putIfAbsent(pathOf(number, 'job'), content)) return submitted;
      return (await job(number)) ?? submitted;
    },

    async documents(number) {
      const kept = await readStoredJson(store, pathOf(number, 'documents'), 'documents of an export', isDocuments);
      return kept && Promise.all(kept.addresses.map(reveal));
    },

    keepDocuments: (number, addresses) =>
      store.put(pathOf(number, 'documents'), storedJson({ addresses: addresses.map(hide) })),

    dropDocuments: (number) => store.delete(pathOf(number, 'documents')),
  };
}

function isJob(value: unknown): value is SubmittedJob {
  return hasFields(value, {
    job: 'string',
    submittedAt: 'time',
    answer: 'string?',
    since: 'string?',
    until: 'string?',
  });
}

function isDocuments(value: unknown): value is { readonly addresses: readonly string[] } {
  if (!isObject(value)) return false;
  const { addresses } = value;
  return Array.isArray(addresses) && addresses.every((address) => typeof address === 'string');
}
