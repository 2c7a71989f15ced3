/** A source that a kept configuration leaves out. */
export interface LeftOut {
  readonly source: string;
  /** Goes behind its name: `it has a literal secret (headers.Authorization)`. */
  readonly reason: string;
}

/** A configuration as the store keeps it in case its file breaks. It contains no literal secret. */
export interface KeptConfig {
  /** When it was found good first. */
  readonly savedAt: string;
  /** Where it was read from. */
  readonly file: string;
  /** The file's content, with `defaults` written into each source. */
  readonly config: object;
  /** Texts of its JSON Schemas, by path as written. */
  readonly schemas: Readonly<Record<string, string>>;
  /** Hashes of its modules, by path as written: code is run from its file only. */
  readonly modules: Readonly<Record<string, string>>;
  readonly leftOut: readonly LeftOut[];
}
