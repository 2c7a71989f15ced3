export const sinks = ['csv', 'postgres'] as const;

export type Sink = (typeof sinks)[number];
