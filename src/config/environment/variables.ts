/** A variable of the environment, as docs/configuration.md shows it. */
export interface Variable {
  readonly name: string;
  /** What holds where it is not set, as Markdown. */
  readonly default: string;
  /** In words, as Markdown. */
  readonly meaning: string;
}

/** All variables that `readEnvironment` and `temporalSettings` read. `npm run schema` writes them into docs/configuration.md. */
export const environmentVariables: readonly Variable[] = [
  { name: 'PG_HOST', default: 'the embedded PostgreSQL', meaning: 'host of the database server' },
  { name: 'PG_PORT', default: '`5432`', meaning: 'its port' },
  { name: 'PG_DB', default: '`daybook`', meaning: 'database' },
  { name: 'PG_USER', default: '`daybook`', meaning: 'role that stores records' },
  { name: 'PG_PASSWORD', default: '', meaning: 'its password, a secret' },
  { name: 'PG_SCHEMA', default: '`public`', meaning: "schema of Daybook's tables; `migrate` creates it" },
  {
    name: 'PG_SSLMODE',
    default: '`prefer`',
    meaning: '`disable`, `allow`, `prefer`, `require`, `verify-ca`, `verify-full`, as in libpq',
  },
  {
    name: 'PG_SSLROOTCERT',
    default: 'well-known authorities',
    meaning: 'PEM file of the trusted authorities; with it `require` means `verify-ca`',
  },
  { name: 'PG_SSLCERT', default: '', meaning: "PEM file of this client's certificate" },
  { name: 'PG_SSLKEY', default: '', meaning: 'PEM file of its key' },
  { name: 'PG_PREPARE', default: '`on`', meaning: '`off`: no named statements, for PgBouncer before 1.21' },
  {
    name: 'PG_DIRECT_HOST',
    default: '`PG_HOST`',
    meaning: 'the server itself if `PG_HOST` is a pooler; for migrations and maintenance',
  },
  { name: 'PG_DIRECT_PORT', default: '`PG_PORT`', meaning: 'its port' },
  {
    name: 'PG_OWNER_USER',
    default: '`PG_USER`',
    meaning: 'role that owns the tables; for migrations, maintenance, `restore`, `forget` and `reset`',
  },
  { name: 'PG_OWNER_PASSWORD', default: '`PG_PASSWORD`', meaning: 'its password, a secret' },
  { name: 'TEMPORAL_ADDRESS', default: 'the embedded server', meaning: 'host and port of the Temporal server' },
  {
    name: 'TEMPORAL_NAMESPACE',
    default: '`default`',
    meaning: 'Temporal namespace; the `TEMPORAL_*` variables for TLS are [below](#tls-to-temporal)',
  },
  {
    name: 'TEMPORAL_UI_URL',
    default: 'that of the embedded server',
    meaning: "URL of your server's Web UI, for links",
  },
  { name: 'TEMPORAL_API_KEY', default: '', meaning: 'API key for Temporal Cloud, a secret; enables TLS' },
  {
    name: 'DAYBOOK_CODEC_KEYS',
    default: '',
    meaning:
      'keys that encrypt what Temporal stores, secrets: `id:key`, after `none` to only decrypt, see [below](#encrypted-payloads)',
  },
  {
    name: 'DAYBOOK_KEY',
    default: '',
    meaning:
      'key that encrypts refresh tokens in the store, a secret: 32 bytes as base64, see [below](#refresh-tokens-in-the-store)',
  },
  {
    name: 'DAYBOOK_FAIRNESS',
    default: 'off; on with the embedded server',
    meaning:
      '`on`: sources share busy workers by fairness keys, for which Temporal Cloud charges, see [deployment](deployment.md#temporal-cloud-or-a-shared-server)',
  },
  {
    name: 'DAYBOOK_DEPLOYMENT',
    default: '',
    meaning: 'worker deployment that workers belong to, see [deployment](deployment.md#new-versions-without-a-pause)',
  },
  {
    name: 'DAYBOOK_BUILD',
    default: 'version and hash of the workflows',
    meaning: 'their build in that deployment',
  },
  {
    name: 'DAYBOOK_INSTANCE',
    default: '`daybook`',
    meaning: 'name of this Daybook if several share a Temporal namespace, see [below](#several-daybooks)',
  },
  {
    name: 'DAYBOOK_CONFIG',
    default: '`daybook.yaml`',
    meaning:
      'the configuration file, or `s3://bucket/path/daybook.yaml`, see [deployment](deployment.md#the-configuration-in-the-bucket); `--config` has priority',
  },
  { name: 'DAYBOOK_DATA', default: '`data`', meaning: 'CSV journal' },
  {
    name: 'DAYBOOK_STORE',
    default: '`DAYBOOK_DATA`',
    meaning:
      'spool, state, receipts, dead letters, archives: a folder; or `s3://bucket/prefix`, which has the CSV journal too, see [deployment](deployment.md#a-bucket-as-the-store)',
  },
  {
    name: 'AWS_REGION',
    default: "that of AWS's configuration file",
    meaning: 'region of the bucket, also of those of `file` sources',
  },
  { name: 'AWS_DEFAULT_REGION', default: '', meaning: 'the same where `AWS_REGION` is not set' },
  { name: 'AWS_ENDPOINT_URL_S3', default: 'AWS', meaning: 'URL of another server that speaks S3' },
  { name: 'AWS_ENDPOINT_URL', default: '', meaning: 'the same where `AWS_ENDPOINT_URL_S3` is not set' },
  {
    name: 'AWS_ACCESS_KEY_ID',
    default: 'as AWS finds keys',
    meaning: 'key for the bucket, a secret; else shared files, a process, a container, an instance or a web identity',
  },
  { name: 'AWS_SECRET_ACCESS_KEY', default: '', meaning: 'its secret part, a secret' },
  { name: 'AWS_SESSION_TOKEN', default: '', meaning: 'its token, a secret, if it is a temporary one' },
  { name: 'AWS_PROFILE', default: 'the default one', meaning: "profile of AWS's shared files, if no key is set" },
  {
    name: 'AWS_CA_BUNDLE',
    default: '`SSL_CERT_FILE`, else well-known authorities',
    meaning: 'PEM file of the authorities that are trusted for the bucket',
  },
  { name: 'SSL_CERT_FILE', default: '', meaning: 'the same where `AWS_CA_BUNDLE` is not set' },
  {
    name: 'DAYBOOK_LABELS',
    default: '',
    meaning:
      'labels of a worker, with commas between them: it fetches the sources with one of them as `runs_on`, see [deployment](deployment.md#what-is-bound-to-one-machine)',
  },
  {
    name: 'DAYBOOK_MEMORY_TARGET',
    default: '`off`',
    meaning:
      'share of the memory, 20% to 80%, up to which `worker` runs more than 100 activities at once, see [scaling](scaling.md#tasks-at-once)',
  },
  { name: 'DAYBOOK_HOME', default: '`.daybook`', meaning: 'state and logs of the embedded servers' },
  {
    name: 'DAYBOOK_EMBEDDED',
    default: '`on`',
    meaning: '`off`: never start a server; `up` and `run` then need `PG_HOST` and `TEMPORAL_ADDRESS`',
  },
  {
    name: 'DAYBOOK_ACCEPT_NEW_STORE',
    default: '`off`',
    meaning:
      '`on`: accept a store and a database that do not belong together, as `--accept-new-store` does; unset it afterwards',
  },
  {
    name: 'DAYBOOK_HTTP',
    default: '`127.0.0.1:9464`',
    meaning: 'address of the status page, `/status.json`, `/metrics`, `/healthz` and `/readyz`, or `off`',
  },
  {
    name: 'DAYBOOK_HTTP_HOSTS',
    default: '',
    meaning: 'host names that requests to `DAYBOOK_HTTP` may use, see [below](#names-of-the-http-endpoint)',
  },
  { name: 'DAYBOOK_ALERT_WEBHOOK', default: '', meaning: 'URL that alerts are posted to, a secret' },
  { name: 'LOG_LEVEL', default: '`info`', meaning: '`trace`, `debug`, `info`, `warn`, `error`, `fatal`, `silent`' },
  { name: 'HTTP_PROXY', default: '', meaning: 'proxy for http sources, and for a bucket; lower case works too' },
  { name: 'HTTPS_PROXY', default: '', meaning: 'the same for https' },
  {
    name: 'NO_PROXY',
    default: '',
    meaning: 'hosts that are fetched without a proxy: `api.example.com`, `.example.com`, `10.1.2.3:8080`, `*`',
  },
  { name: 'XDG_CACHE_HOME', default: '`~/.cache`', meaning: 'cache folder of downloaded Temporal servers' },
];
