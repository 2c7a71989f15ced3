import { SourceRefused } from '../../domain/errors.ts';
import type { HttpPlan } from '../../domain/plan/source-plan.ts';
import type { HttpPosition } from '../../domain/state/fetch-position.ts';
import type { Page } from '../extraction/page.ts';
import { ownOrigin, isTrusted } from '../http/own-origin.ts';
import { firstPage } from '../pagination/first-page.ts';
import { valuesOf, type ExportingPlan, type KnownJob } from './export-client.ts';
import { exportRequest } from './export-request.ts';

/** The documents of a job that is done. */
export interface ExportDocuments {
  /** Their addresses. */
  addresses(): Promise<readonly string[]>;
  /** The same, requested once more: those of before may have expired. */
  requested(): Promise<readonly string[]>;
  readonly known: KnownJob;
}

/** Statuses of an address that has expired. */
const expired: ReadonlySet<number> = new Set([400, 401, 403, 404, 410]);

/**
 * The documents of an export, one after the other: each is read as a source of that address. An address that has expired is requested
 * once more.
 * @param open the pages of such a source
 */
export async function* exportPages(
  plan: ExportingPlan,
  from: HttpPosition,
  documents: ExportDocuments,
  open: (plan: HttpPlan, place: HttpPosition) => AsyncGenerator<Page>,
): AsyncGenerator<Page> {
  let addresses = await documents.addresses();
  if (addresses.length === 0) {
    yield { items: [], fetchedAt: new Date(), next: null, patch: {}, counts: false };
    return;
  }
  let place: HttpPosition | null = from;
  for (let mayRequest = true; place !== null;) {
    const at: HttpPosition = place;
    const { document = 0 } = at;
    const address = addresses[document];
    if (address === undefined) throw changed(plan);
    try {
      for await (const page of open(documentPlan(plan, documents.known, address, document), at)) {
        mayRequest = true;
        // The poll begins again, with its first document.
        if (page.restarts !== undefined) return yield withoutValidators(page);
        const { next, isOver } = following(plan, at, page, document, addresses.length);
        place = next;
        yield { ...withoutValidators(page), next };
        if (isOver) break;
      }
    } catch (error) {
      if (!mayRequest || !isExpired(error)) throw error;
      mayRequest = false;
      const again = await documents.requested();
      // The same address is refused again.
      if (again[document] === address) throw error;
      if (again.length !== addresses.length) throw changed(plan);
      addresses = again;
    }
  }
}

/** Where the poll continues after a page: in its document, or at the beginning of the next one. */
function following(
  plan: HttpPlan,
  place: HttpPosition,
  { next, end }: Page,
  document: number,
  documents: number,
): { readonly next: HttpPosition | null; readonly isOver: boolean } {
  if (next?.type === 'http') return { next, isOver: false };
  const isCut = end?.cutShort === true || (end?.notBefore ?? null) !== null;
  if (isCut || document + 1 >= documents) return { next: null, isOver: true };
  const { since, until, values, copies, copied } = place;
  return {
    isOver: true,
    next: {
      type: 'http',
      ...firstPage(plan.paginator),
      since,
      ...(until === undefined ? {} : { until }),
      ...(values ? { values } : {}),
      ...(copies ? { copies } : {}),
      ...(copied ? { copied } : {}),
      recentPages: [],
      document: document + 1,
    },
  };
}

/** The next export has other documents: nothing that one of them says makes a later request conditional. */
function withoutValidators(page: Page): Page {
  const { etag: _etag, lastModified: _modified, document: _document, ...patch } = page.patch;
  return { ...page, patch };
}

/** A source whose one address is that of the document. */
function documentPlan(plan: ExportingPlan, known: KnownJob, address: string, number: number): HttpPlan {
  const { download } = plan.export;
  const { origin } = new URL(address);
  const written = ownOrigin({ url: download.url, templates: true });
  const isGiven = written !== origin && !isTrusted(plan, origin);
  const name = `document ${number + 1} of its export`;
  const { plan: asked, document } = exportRequest(plan, download, { address, isGiven }, valuesOf(plan, known), {
    name,
    accept: '',
  });
  return {
    ...plan,
    ...asked,
    headers: document.headers ?? {},
    body: document.body ?? undefined,
    document: { name, ...(isGiven ? { isGiven } : {}) },
    incremental: null,
  };
}

function isExpired(error: unknown): boolean {
  return error instanceof SourceRefused && error.status !== undefined && expired.has(error.status);
}

function changed({ name }: HttpPlan): SourceRefused {
  return new SourceRefused(
    `export: ${name}: the job has other documents than before; the next run submits another job`,
  );
}
