/** Reports what is being done, and the progress of long steps. */
export type Announce = (message: string) => void;
