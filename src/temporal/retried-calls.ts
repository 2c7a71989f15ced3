import { defaultGrpcRetryOptions, makeGrpcRetryInterceptor, type ConnectionOptions } from '@temporalio/client';

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];
type Call = ReturnType<Interceptor>;
type Started = Parameters<Call['start']>;

const cancelled = 1;

/** The SDK repeats a call in a timer, also after its connection was closed: that would throw there, and end the process. */
const endAfterClose: Interceptor = (options, nextCall) => {
  try {
    return nextCall(options) as Call;
  } catch (error) {
    const details = error instanceof Error ? error.message : String(error);
    const start = (metadata: Started[0], listener: Started[1]) =>
      listener?.onReceiveStatus?.({ code: cancelled, details, metadata });
    return { start, sendMessage: () => undefined, halfClose: () => undefined } as unknown as Call;
  }
};

/** The SDK's own retries, for a connection that may be closed before a call has ended. */
export const retriedCalls: Interceptor[] = [makeGrpcRetryInterceptor(defaultGrpcRetryOptions()), endAfterClose];
