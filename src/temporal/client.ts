import { Client, ScheduleClient, type ClientInterceptors, type ClientOptions } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import type { TemporalSettings } from '../config/environment/temporal-settings.ts';
import { createPayloadCodec, readingOnly } from './codec/payload-codec.ts';
import { dropFairness } from './without-fairness.ts';

/** How values are sent to the server, by clients and workers alike. */
export function dataConverter({ codecKeys = [] }: Pick<TemporalSettings, 'codecKeys'>): DataConverter {
  return { payloadCodecs: [createPayloadCodec(codecKeys)] };
}

/** A client as every command and worker uses it. */
export function createClient(
  connection: NonNullable<ClientOptions['connection']>,
  settings: Pick<TemporalSettings, 'namespace' | 'codecKeys' | 'fairness'>,
): Client {
  const interceptors = clientInterceptors(settings);
  const { namespace } = settings;
  return withReadableSchedules(
    new Client({ connection, namespace, dataConverter: dataConverter(settings), interceptors }),
  );
}

/** How a client, also that of activities, is changed. */
export function clientInterceptors({ fairness = false }: Pick<TemporalSettings, 'fairness'>): ClientInterceptors {
  return fairness ? {} : { workflow: [dropFairness] };
}

/**
 * What schedules hold stays readable: they outlive keys, and their memo says to which Daybook they belong. Their input is the name
 * of the source, which their id has, too.
 */
export function withReadableSchedules(client: Client): Client {
  const { namespace, identity, loadedDataConverter } = client.options;
  const schedule = new ScheduleClient({
    connection: client.connection,
    namespace,
    identity,
    dataConverter: { payloadCodecs: loadedDataConverter.payloadCodecs.map(readingOnly) },
  });
  return Object.defineProperty(client, 'schedule', { value: schedule });
}
