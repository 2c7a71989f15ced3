/** A source as `daybook init` proposes it: the keys of `daybook.yaml`, in the order in which they are best read. */
export interface Proposal {
  readonly source: Readonly<Record<string, unknown>>;
  /** What a person should check, each a sentence. */
  readonly notes: readonly string[];
  /** The page of the first item, where only that may say when it was published. */
  readonly detail?: string;
}
