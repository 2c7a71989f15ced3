import { connect as connectTls } from 'node:tls';
import { connect, isIP } from 'node:net';
import { isGrpcServiceError } from '@temporalio/client';
import type { TemporalSettings } from '../config/environment/temporal-settings.ts';
import { messageOf, CannotStart } from '../domain/errors.ts';

const probeMs = 5_000;
const [deadlineExceeded, notFound, permissionDenied, unavailable, unauthenticated] = [4, 5, 7, 14, 16];

/** Why a server cannot be used. */
export interface TemporalFailure {
  readonly message: string;
  /** Whether it may become available later; else a setting must be changed first. */
  readonly mayPass: boolean;
}

/** Explains why a server cannot be used. The clients only know that it failed: its address is checked once more. */
export async function explainFailure(settings: TemporalSettings, error: unknown): Promise<TemporalFailure> {
  const refused = explainRefusal(settings, error);
  if (refused) return { message: refused.message, mayPass: false };
  const found = await probe(settings);
  const why = found?.why ?? `(${innermost(messageOf(error))}), expected a server; check TEMPORAL_ADDRESS`;
  return { message: `temporal: ${settings.address} cannot be reached ${why}`, mayPass: found?.mayPass ?? true };
}

/** The same in words alone. */
export async function explainUnreachable(settings: TemporalSettings, error: unknown): Promise<string> {
  return (await explainFailure(settings, error)).message;
}

/** The reason of a server that was reached, but refuses; null for anything else. */
export function explainRefusal(
  { address, namespace, connection }: TemporalSettings,
  error: unknown,
): CannotStart | null {
  const text = messageOf(error);
  const code = grpcCodeOf(error);
  if (code === unauthenticated || code === permissionDenied) {
    const key = connection.apiKey === undefined ? 'TEMPORAL_API_KEY is not set' : 'check TEMPORAL_API_KEY';
    return new CannotStart(
      `temporal: ${address} refuses access to the namespace ${namespace}; ${key}, and TEMPORAL_NAMESPACE`,
    );
  }
  if (code !== notFound || !/namespace/i.test(text)) return null;
  return new CannotStart(
    `temporal: ${address} has no namespace ${namespace}; check TEMPORAL_NAMESPACE, or create it: ` +
      `temporal operator namespace create --namespace ${namespace} --retention 30d`,
  );
}

/** The reason why a server no longer answers; null for anything else. */
export function explainLoss({ address }: TemporalSettings, error: unknown): CannotStart | null {
  const code = grpcCodeOf(error);
  if (code === deadlineExceeded) {
    return new CannotStart(
      `temporal: ${address} takes too long to answer; check whether its disk is full or its machine is overloaded`,
    );
  }
  if (code !== unavailable) return null;
  return new CannotStart(
    `lost connection to Temporal at ${address}; started workflows continue when it returns (see ./daybook status)`,
  );
}

/** The native client has it in the text alone. */
function grpcCodeOf(error: unknown): number | null {
  for (let one = error; one instanceof Error; one = one.cause) if (isGrpcServiceError(one)) return one.code;
  const text = messageOf(error);
  if (/code: Unauthenticated|Request unauthorized/i.test(text)) return unauthenticated;
  if (/code: PermissionDenied/.test(text)) return permissionDenied;
  return /code: NotFound|namespace .*not found/i.test(text) ? notFound : null;
}

/** The native client's messages nest one error in the other; the innermost one says what is wrong. */
function innermost(message: string): string {
  return [...message.matchAll(/message: "([^"]+)"/g)].at(-1)?.[1] ?? message;
}

/** What is wrong with a connection. */
interface Found {
  readonly why: string;
  readonly mayPass: boolean;
}

/** Connects as the clients do; null if nothing is wrong with that. */
async function probe({ address, connection: { tls } }: TemporalSettings): Promise<Found | null> {
  const [, host = '', port = '7233'] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(address) ?? [];
  const target = { host, port: Number(port) };
  if (!tls) return outcome(connect(target), 'connect', '; check TEMPORAL_ADDRESS');
  const { serverNameOverride, serverRootCACertificate: ca, clientCertPair } = tls === true ? {} : tls;
  const servername = serverNameOverride ?? (isIP(host) ? undefined : host);
  const pair = clientCertPair ? { cert: Buffer.from(clientCertPair.crt), key: Buffer.from(clientCertPair.key) } : {};
  const options = {
    ...target,
    ...pair,
    ALPNProtocols: ['h2'],
    ...(ca ? { ca: Buffer.from(ca) } : {}),
    ...(servername === undefined ? {} : { servername }),
  };
  const hint =
    '; check TEMPORAL_ADDRESS and TEMPORAL_TLS, and for its certificate TEMPORAL_TLS_SERVER_CA_CERT_PATH and TEMPORAL_TLS_SERVER_NAME';
  return outcome(connectTls(options), 'secureConnect', hint);
}

/** Errors of a host, a port or a network that is unavailable, or not yet available; also of a proxy whose server is unavailable. */
const passing: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** A server that wants a client's certificate says so only after the handshake. */
async function outcome(
  socket: ReturnType<typeof connect>,
  connected: 'connect' | 'secureConnect',
  hint: string,
): Promise<Found | null> {
  return new Promise((resolve) => {
    const settle = (why: string | null, mayPass = true) => {
      socket.destroy();
      resolve(why === null ? null : { why, mayPass });
    };
    socket.setTimeout(probeMs, () => settle(`(no answer in ${probeMs / 1_000} s), expected a server${hint}`));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const wantsCertificate = /alert (certificate required|bad certificate|handshake failure)/i.test(error.message);
      settle(
        wantsCertificate
          ? '(it requires a client certificate); set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH'
          : `(${error.message}), expected a server${hint}`,
        // A certificate or a protocol that does not fit stays so; a missing host may become available.
        passing.has(error.code ?? ''),
      );
    });
    socket.once(connected, () => {
      socket.once('data', () => settle(null));
      // HTTP/2 begins with a preface of the client; a server that answers it speaks HTTP/2.
      socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');
    });
    socket.once('close', () =>
      settle(
        connected === 'connect'
          ? '(it closes the connection), expected a server without TLS; if it uses TLS, set TEMPORAL_TLS=true'
          : null,
      ),
    );
  });
}
