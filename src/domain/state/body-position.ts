/** How far a large body has been read, which is handed out in stretches. */
export interface BodyPosition {
  readonly format: 'ndjson' | 'csv';
  /** The charset of its text, as a label. */
  readonly charset: string;
  /** Its name says that its fields are separated by tabs. */
  readonly tabs?: true;
  /** Bytes of its text, without compression. */
  readonly bytes: number;
  /** Bytes and lines read so far. */
  readonly offset: number;
  readonly lines: number;
  /** Records read so far. */
  readonly records: number;
  /** Name of its copy in the store; null = it is read from the source itself, at the offset. */
  readonly copy: string | null;
  /** What its answer said. */
  readonly etag: string | null;
  readonly lastModified: string | null;
  /** What its headers say about the next page: the address in `Link`, or a token. */
  readonly link: string | null;
}
