const date = /^(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일号]/u;
const weekday =
  /^\s*[（(]?(?:(?:星期|周|週)[一二三四五六日天]|[日月火水木金土일월화수목금토](?:曜日?|요일)?(?=[\s)）\d]|$))[)）]?/u;
const time = /^(\d{1,2})\s*(?:[:：時时点點시]\s*(\d{1,2})\s*[分분]?(?:\s*[:：]?\s*(\d{1,2})\s*[秒초]?)?|[時时点點시])/u;
const half = /^(?:(午前|上午|오전)|(午後|下午|오후))\s*/u;

/** A date of Chinese, Japanese or Korean, whose signs follow its numbers, as ISO 8601; another text as it is. */
export function withoutSigns(text: string): string {
  const dotted = text.replace(/^(\d{4})\.\s?(\d{1,2})\.\s?(\d{1,2})\.?(?=\s|$)/, '$1-$2-$3');
  const [begin = '', day] = /^(\d{4}-\d{1,2}-\d{1,2})\s+(?=\D)/.exec(dotted) ?? [];
  if (day !== undefined) return joined(day, dotted.slice(begin.length)) ?? text;
  const found = date.exec(text);
  if (!found) return dotted;
  const rest = text.slice(found[0].length).replace(weekday, '');
  return joined(`${found[1]}-${found[2]}-${found[3]}`, rest) ?? text;
}

/** Null if what follows the day is not a time. */
function joined(day: string, written: string): string | null {
  const rest = written.trim();
  const [halfText = '', am, pm] = half.exec(rest) ?? [];
  const clock = rest.slice(halfText.length);
  if (clock === '') return day;
  const found = time.exec(clock);
  if (!found) return null;
  const [all, hour, minute = '0', second = '0'] = found;
  const hours = am === undefined && pm === undefined ? Number(hour) : (Number(hour) % 12) + (pm === undefined ? 0 : 12);
  const zone = clock.slice(all.length).trim();
  return `${day} ${hours}:${minute}:${second}${zone === '' ? '' : ` ${zone}`}`;
}
