/** Where a home is: all that is needed to look for what belongs to it. */
export interface HomeFolder {
  readonly folder: string;
  /** A path inside it. */
  path(...parts: string[]): string;
}
