/** A source that a kept configuration does without. */
export interface LeftOut {
  readonly source: string;
  /** Goes behind its name: `it has a literal secret (headers.Authorization)`. */
  readonly reason: string;
}

/** A configuration as the store keeps it for the time when its file is broken. No literal secret is in it. */
export interface KeptConfig {
  /** When it was found good first. */
  readonly savedAt: string;
  /** Where it was read. */
  readonly file: string;
  /** The file's content, with `defaults` written into each source. */
  readonly config: object;
  /** Texts of its JSON Schemas, by path as written. */
  readonly schemas: Readonly<Record<string, string>>;
  /** Hashes of its modules, by path as written: code is run from its file only. */
  readonly modules: Readonly<Record<string, string>>;
  readonly leftOut: readonly LeftOut[];
}
