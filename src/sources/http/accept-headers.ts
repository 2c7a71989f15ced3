/** What each kind of document is asked for with. */
export const jsonAccept = 'application/json, */*;q=0.5';
export const feedAccept =
  'application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, */*;q=0.5';
export const xmlAccept = 'application/xml, text/xml, */*;q=0.5';
export const xlsxAccept = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet, */*;q=0.5';
export const ndjsonAccept = 'application/x-ndjson, application/jsonl, */*;q=0.5';
export const csvAccept = 'text/csv, text/tab-separated-values, */*;q=0.5';
/** As browsers ask. */
export const htmlAccept = 'text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8';
