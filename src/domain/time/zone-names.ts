/**
 * Offsets of zones by the names that feeds and mail use. Those of RFC 822 first; the letters of the military were defined
 * the wrong way round there, so RFC 2822 §4.3 takes them as UTC. `IST` is India's, by far the most frequent use.
 */
const zones: Readonly<Record<string, string>> = {
  ...{ ut: '+0000', utc: '+0000', gmt: '+0000', z: '+0000', 'etc/gmt': '+0000', 'etc/utc': '+0000', wet: '+0000' },
  ...{ est: '-0500', edt: '-0400', et: '-0500', cst: '-0600', cdt: '-0500', ct: '-0600' },
  ...{ mst: '-0700', mdt: '-0600', mt: '-0700', pst: '-0800', pdt: '-0700', pt: '-0800' },
  ...{
    ast: '-0400',
    adt: '-0300',
    at: '-0400',
    nst: '-0330',
    ndt: '-0230',
    akst: '-0900',
    akdt: '-0800',
    hst: '-1000',
  },
  ...{ bst: '+0100', west: '+0100', cet: '+0100', cest: '+0200', met: '+0100', mest: '+0200', mesz: '+0200' },
  ...{ mez: '+0100', eet: '+0200', eest: '+0300', msk: '+0300', msd: '+0400', trt: '+0300', sast: '+0200' },
  ...{
    ist: '+0530',
    pkt: '+0500',
    ict: '+0700',
    wib: '+0700',
    sgt: '+0800',
    hkt: '+0800',
    pht: '+0800',
    awst: '+0800',
  },
  ...{ jst: '+0900', kst: '+0900', acst: '+0930', acdt: '+1030', aest: '+1000', aedt: '+1100' },
  ...{ zulu: '+0000', gst: '+0400', idt: '+0300', eat: '+0300', wat: '+0100', cat: '+0200', npt: '+0545' },
  ...{ wita: '+0800', wit: '+0900', myt: '+0800', uzt: '+0500', bot: '-0400', vet: '-0400', uyt: '-0300' },
  ...{ brst: '-0200', clst: '-0300', ect: '-0500' },
  ...{ nzst: '+1200', nzdt: '+1300', brt: '-0300', art: '-0300', clt: '-0400', cot: '-0500', pet: '-0500' },
};

/** The offset (`+0100`) that a zone's name stands for; null where nobody knows it. */
export function offsetOfZone(name: string): string | null {
  const key = name.toLowerCase();
  if (/^[a-ik-z]$/.test(key)) return '+0000';
  return Object.hasOwn(zones, key) ? (zones[key] ?? null) : null;
}
