import { codeOf, messageOf, UsageError } from '../../../domain/errors.ts';
import { bracketed } from '../../../domain/text/bracketed.ts';
import { httpAddress } from '../../../config/environment/http-setting.ts';
import { createPayloadCodec } from '../../../temporal/codec/payload-codec.ts';
import { serveCodec } from '../../../worker/http/codec/codec-endpoint.ts';
import { createContext, webUiOf, type CommonOptions, type Context } from '../../options/context.ts';
import { webOrigins } from '../../options/web-origin.ts';
import { print, printInfo } from '../../output/output.ts';
import { aborted, stopSignal } from '../../stack/stop-signal.ts';

interface CodecServerOptions extends CommonOptions {
  readonly listen: string;
  readonly origin?: readonly string[];
}

/** `daybook codec-server`: decrypts payloads for the Web UI and the CLI of Temporal until it is stopped. */
export async function codecServerCommand(options: CodecServerOptions): Promise<void> {
  const context = createContext(options);
  const keys = context.environment.codecKeys;
  if (keys.length === 0) {
    throw new UsageError('codec-server: DAYBOOK_CODEC_KEYS is not set; set it as for the workers');
  }
  const address = httpAddress('--listen', options.listen);
  const origins = originsOf(context, options.origin);
  const stop = stopSignal();
  const endpoint = await serveCodec(address, createPayloadCodec(keys), origins).catch((error: unknown) => {
    if (codeOf(error) === undefined) throw error;
    throw new UsageError(
      `codec-server: cannot listen on ${options.listen}: ${messageOf(error)}; set --listen to a free address`,
    );
  });
  const host = bracketed(address.host);
  if (!/^(?:127\.|::1$|localhost$)/.test(address.host)) {
    printInfo(
      `codec-server: warning: everyone who reaches ${host}:${endpoint.port} can decrypt payloads; put a proxy with authentication and TLS before it`,
    );
  }
  print(`codec-server: http://${host}:${endpoint.port} decrypts for ${origins.join(', ')}, until Ctrl-C`);
  await aborted(stop);
  await endpoint.close();
}

function originsOf(context: Context, given: readonly string[] | undefined): readonly string[] {
  const ui = webUiOf(context);
  const addresses = given ?? (ui === null ? [] : [ui]);
  if (addresses.length === 0) {
    throw new UsageError(
      'codec-server: missing the address of the Web UI, e.g. --origin https://cloud.temporal.io, or TEMPORAL_UI_URL',
    );
  }
  return [...new Set(addresses.flatMap(webOrigins))];
}
