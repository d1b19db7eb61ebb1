// An ematch of one's own, `ttl(N)`: IPv4 packets whose time to live is at most N. Its notations and its meaning: one file.
import { numberOf } from 'cls-flow/ematch';
import { struct, u32 } from 'cls-flow/netlink';

const CODEC = struct({ most: u32 });

export const ttl = {
  kind: 'ttl',
  id: 200,
  usage: 'Usage: ttl(N)',
  codec: CODEC,
  scope: () => 'packet',
  speak(args, w) {
    const word = args.next();
    const most = word === undefined ? undefined : numberOf(word);
    if (most === undefined) throw args.error('ttl: a number was expected', word);
    CODEC.write({ most: Number(most) }, w);
  },
  dump: (value, w) => CODEC.write(value, w),
  print({ most }, write) {
    write(String(most));
    return true;
  },
  // Bytes behind `p.end` were not captured: what is not there does not match.
  compile:
    ({ most }) =>
    (p) =>
      p.protocol === 0x0800 && p.network + 9 <= p.end && p.data[p.network + 8] <= most,
};
