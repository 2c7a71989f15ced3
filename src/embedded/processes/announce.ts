/** Told of what is being done, and of long steps as they continue. */
export type Announce = (message: string) => void;
