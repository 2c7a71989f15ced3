/** Where a feed's items have their id and time, unless the configuration names other places. JMESPath. */
export const feedKeys = { id: 'id', occurredAt: 'published || updated' } as const;
