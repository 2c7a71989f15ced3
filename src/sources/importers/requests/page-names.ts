/** Names of parameters that say which page is asked for, and how long it is. */
export const pageNames = /^(?:page|p|pg|paged|page[-_]?(?:no|num|number|index)|current[-_]?page|page\[number\])$/i;
export const offsetNames =
  /^\$?(?:offset|skip|start|from|start[-_]?(?:at|index|row)|page\[offset\]|first[-_]?result)$/i;
export const limitNames =
  /^\$?(?:limit|count|size|top|take|rows|num|per[-_]?page|page[-_]?size|page\[(?:size|limit)\]|max[-_]?results|first|results)$/i;
export const cursorNames =
  /^\$?(?:cursor|after|skip[-_]?token|starting[-_]?after|(?:next|page|pagination|continuation|start)[-_]?(?:token|cursor|key|page[-_]?token)|next|bookmark|marker|max[-_]?id|page\[(?:after|cursor)\])$/i;
