/** A store in a folder of this machine, or of a file system that machines share. */
export interface DirectorySetting {
  readonly kind: 'directory';
  readonly folder: string;
}

/** A store in a bucket of S3, or of what speaks S3. */
export interface S3Setting {
  readonly kind: 's3';
  readonly bucket: string;
  /** Empty, or ends with `/`. */
  readonly prefix: string;
  /** Null = as the shared configuration file of AWS says. */
  readonly region: string | null;
  /** Null = AWS. */
  readonly endpoint: string | null;
  /** Null = as the credential chain of AWS finds them: shared files, a process, a container, an instance, a web identity. */
  readonly keys: S3Keys | null;
  /** Of the shared files of AWS; null = the default one. */
  readonly profile: string | null;
  /** The proxy on the way to it; null = none. */
  readonly proxy: string | null;
  /** PEM file of the authorities that are trusted instead of the well-known ones. */
  readonly caFile: string | null;
}

export interface S3Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
}

export type StoreSetting = DirectorySetting | S3Setting;

/** Where a Daybook keeps its files. */
export interface StoreLocations {
  /** Spool, states, receipts, dead letters, archives. */
  readonly store: StoreSetting;
  /** The CSV journal, where the store is a folder. */
  readonly dataFolder: string;
}

/** The store in messages: its folder, or its URL. `DAYBOOK_STORE` accepts it. */
export function storeName(setting: StoreSetting): string {
  if (setting.kind === 'directory') return setting.folder;
  return `s3://${setting.bucket}${setting.prefix === '' ? '' : `/${setting.prefix.slice(0, -1)}`}`;
}
