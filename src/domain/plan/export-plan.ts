export const requestMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type RequestMethod = (typeof requestMethods)[number];

/** A source whose records an API prepares as a job: it is submitted, waited for, and its documents are downloaded. */
export interface ExportPlan {
  readonly submit: ExportSubmitPlan;
  readonly status: ExportStatusPlan;
  /** `url` leads to one document, or to several where a value in it is a list. */
  readonly download: ExportRequestPlan;
  /** Null = a job that is no longer wanted is left to the API. */
  readonly cancel: ExportRequestPlan | null;
  /** Gets the first run id: an API that knows it makes one job of repeated requests. */
  readonly idempotencyHeader: string | null;
}

/** A request of an export. Texts may have placeholders; secrets are references until an activity resolves them. */
export interface ExportRequestPlan {
  readonly method: RequestMethod;
  readonly url: string;
  readonly params: Readonly<Record<string, string | readonly string[]>>;
  readonly headers: Readonly<Record<string, string>>;
  /** A text as it is, anything else as JSON. Undefined = none. */
  readonly body?: unknown;
  /** Which of them hold secrets: not sent where the API itself says where to. */
  readonly secretParams?: readonly string[];
  readonly secretHeaders?: readonly string[];
  readonly secretBody?: true;
}

export interface ExportSubmitPlan extends ExportRequestPlan {
  /** Where its answer has the id of the job. */
  readonly job: JobPlace;
}

/** JMESPath into the body, or the name of a header. */
export type JobPlace = { readonly path: string } | { readonly header: string };

export interface ExportStatusPlan extends ExportRequestPlan {
  /** JMESPath: true once the documents can be downloaded. */
  readonly doneWhen: string;
  /** JMESPath: true once the job will never be done; null = unknown. */
  readonly failedWhen: string | null;
  /** JMESPath to why it failed; null = the usual names. */
  readonly message: string | null;
  /** Milliseconds between two looks. */
  readonly everyMs: number;
  /** Milliseconds after which a job that is not done is given up. */
  readonly timeoutMs: number;
}
