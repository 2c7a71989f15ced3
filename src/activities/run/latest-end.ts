/**
 * After this time an activity no longer ends its run: well below the heartbeat timeout of 10 s, after which the server may have given the
 * attempt up.
 */
export const latestEndMs = 8_000;
