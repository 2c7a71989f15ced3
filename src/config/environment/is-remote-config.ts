import { isObjectUrl } from '../../domain/storage/object-files.ts';

/** Whether the configuration is in a bucket. */
export function isRemoteConfig(
  options: { readonly config?: string; readonly demo?: boolean },
  variables: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  return isObjectUrl(options.config ?? (options.demo ? '' : (variables['DAYBOOK_CONFIG'] ?? '')));
}
