import { defaultComputeLimits } from '../../domain/plan/compute-limits.ts';
import { createThreadCompute } from '../../sources/compute/thread-compute.ts';
import type { HttpResponse } from '../../sources/http/http-client.ts';
import type { Proposal } from '../../sources/proposal/proposal.ts';

/** Inspects the response, of any type, within limits. */
export async function inspect(from: HttpResponse | readonly string[], isDetail = false): Promise<Proposal> {
  const compute = createThreadCompute();
  try {
    const source = { name: 'init', key: 'init', isPlain: false, text: '' };
    return await compute.run({ kind: 'propose', source, from, isDetail }, defaultComputeLimits, null);
  } finally {
    await compute.close();
  }
}

/** Detail pages of a run, as a proposal limits them. */
const maxDetails = 100;

/** A listing without dates, completed with the dates of the items' own pages if they have any. */
export async function withDetail(
  proposal: Proposal,
  origin: string,
  get: (address: string) => Promise<HttpResponse>,
): Promise<Proposal> {
  const { detail, source, notes } = proposal;
  if (detail === undefined || new URL(detail).origin !== origin) return proposal;
  const page = await get(detail).catch(() => null);
  if (page === null || page.status !== 200) return proposal;
  const { source: fields } = await inspect(page, true);
  if (Object.keys(fields).length === 0) return proposal;
  const { id, occurred_at: _, ...rest } = source;
  return {
    source: {
      ...rest,
      detail: { url: 'url', fields, max_pages: maxDetails },
      id,
      occurred_at: { path: 'time', on_missing: 'fetched_at' },
    },
    notes: [
      ...notes.filter((note) => !note.startsWith('no item shows a date')),
      'the date is on the page of each item, which is fetched too (detail)',
    ],
  };
}
