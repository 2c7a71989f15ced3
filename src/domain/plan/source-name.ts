/** What a source may be called: also a folder name, a workflow id part and a fairness key (64 bytes at most). */
export const sourceNamePattern = /^[a-z0-9][a-z0-9_-]{0,62}$/;
