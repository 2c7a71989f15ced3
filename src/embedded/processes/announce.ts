/** Told of what is being done, and of long steps as they go on. */
export type Announce = (message: string) => void;
