import { matches, type Prefix, parsePrefix } from '../lang/index.ts';
import type { NetfilterCommand } from '../netfilter/index.ts';

/** An address of a device, and how much of it is the network's. */
export interface DeviceAddress {
  readonly device: string;
  readonly prefix: Prefix;
}

/** The addresses that a script gives devices with `ip address`, in the order in which it does. */
export function addressesOf(commands: readonly NetfilterCommand[]): readonly DeviceAddress[] {
  let found: readonly DeviceAddress[] = [];
  for (const { tool, netns, words, exit = 0 } of commands) {
    if (tool !== 'ip' || netns !== '' || exit !== 0) continue;
    const [object = '', verb = '', ...rest] = words.map(({ text }) => text).filter((word) => !/^-/.test(word));
    if (object !== '' && matches(object, 'address')) found = after(found, verb, rest);
  }
  return found;
}

/** iproute2 ip/ipaddress.c: do_ipaddr() */
function after(found: readonly DeviceAddress[], verb: string, words: readonly string[]): readonly DeviceAddress[] {
  const device = words[words.indexOf('dev') + 1] ?? '';
  const prefix = words.map(parsePrefix).find((one) => one !== null) ?? null;
  if (matches(verb, 'flush')) return found.filter((one) => one.device !== device);
  if (prefix === null || !words.includes('dev')) return found;
  const isSame = (one: DeviceAddress): boolean => one.device === device && textOf(one.prefix) === textOf(prefix);
  if (matches(verb, 'delete')) return found.filter((one) => !isSame(one));
  return found.some(isSame) ? found : [...found, { device, prefix }];
}

const textOf = ({ address, length }: Prefix): string => `${address.words.join(' ')}/${length}`;
