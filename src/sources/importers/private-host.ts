import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { isWithinReach } from '../http/address-guard.ts';

/** Whether an address names a private or loopback host as it is written; what names lead to is not looked up. */
export function isPrivateHost(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const host = new URL(url).hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  return /(?:^|\.)localhost$/i.test(host) || isPrivateIp(host);
}

/** Whether a text is an IP address that is not public, and may be asked with `allow_private`. */
export function isPrivateIp(text: string): boolean {
  return isIP(text) !== 0 && ipaddr.isValid(text) && !isWithinReach(text, 'public') && isWithinReach(text, 'any');
}
