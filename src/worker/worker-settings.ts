import type { ConfigFile } from '../config/file/config-file.ts';
import type { DeploymentSetting } from '../config/environment/deployment-setting.ts';
import type { PostgresSettings } from '../config/environment/postgres-settings.ts';
import type { LookUp } from '../config/secrets/references.ts';
import type { TemporalSettings } from '../config/environment/temporal-settings.ts';
import type { Instance } from '../domain/instance.ts';
import type { FailedReceipt, Receipt } from '../domain/run/receipt.ts';
import type { S3Setting, StoreSetting } from '../domain/storage/store-setting.ts';
import type { Redact } from '../domain/secrets/redact.ts';
import type { ProxySettings } from '../formats/proxy-route.ts';
import type { Logger } from './logger.ts';

export interface WorkerSettings {
  readonly temporal: TemporalSettings;
  readonly instance: Instance;
  /** The worker deployment that it belongs to. @default none */
  readonly deployment?: DeploymentSetting | null;
  readonly postgres: PostgresSettings;
  /** The owner of the tables, for maintenance. */
  readonly owner: PostgresSettings;
  readonly prepare: boolean;
  /** Proxies that the environment names. */
  readonly proxies: ProxySettings;
  readonly config: ConfigFile;
  readonly lookUp: LookUp;
  readonly dataFolder: string;
  readonly store: StoreSetting;
  /** How the bucket of a source is reached. */
  readonly bucket: (name: string) => S3Setting;
  /** That of the embedded stack, where this worker belongs to one: PostgreSQL and Temporal write there. */
  readonly homeFolder?: string | null;
  readonly logger: Logger;
  /** Share of the memory up to which it takes tasks, between 0 and 1; null = a fixed number of tasks. @default null */
  readonly memoryTarget?: number | null;
  /** Sources that run on one of them are fetched by this worker. @default none */
  readonly labels?: readonly string[];
  /** How often the workers of labels are looked at. @default 20 s */
  readonly labelLookMs?: number | undefined;
  /** Where Temporal's SDK serves its own metrics; null = nowhere. */
  readonly sdkMetrics: string | null;
  /** Address of Temporal's Web UI; null = unknown. */
  readonly ui: string | null;
  /** Takes secrets out of pages. */
  readonly redact: Redact;
  /** Takes a store and a database together that do not belong together. @default false */
  readonly acceptNewStore?: boolean;
  /** How soon a database is compared with the store that could not be asked at the start. @default 5 s */
  readonly pairRetryMs?: number | undefined;
  /** Where alerts are posted; null = nowhere. */
  readonly alertWebhook: string | null;
  /** How long a request of a probe may take. @default 10 s */
  readonly probeRequestMs?: number;
  /** How often an unavailable sink is probed. @default 30 s */
  readonly sinkProbeMs?: number;
  /** How long a part of the status is not read again. @default 10 s, and longer where reading takes long */
  readonly statusFreshMs?: number | undefined;
  readonly onReceipt: (receipt: Receipt | FailedReceipt) => void;
}
