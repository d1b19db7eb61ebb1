// An ematch of one's own, defined in ttl.mjs, in an expression with tc's: spoken, printed, and asked about a packet.
import { createEnv, createPacket, describeFrame, ERAS, Frame } from 'cls-flow';
import { compileMatch, EMATCHES, ematch, matchPart } from 'cls-flow/ematch';
import { Printer, shellWords, Words } from 'cls-flow/lang';
import { AttrWriter } from 'cls-flow/netlink';
import { enter } from 'cls-flow/packet';
import { ttl } from './ttl.mjs';

const KINDS = [...EMATCHES, ematch(ttl)]; // … and one row.

const world = { device: () => null, set: () => null, action: () => null };
const part = matchPart(world, KINDS);
const w = new AttrWriter();
part.speak(new Words(shellWords("'not ttl(8) and cmp(u8 at 9 layer network eq 6)' divisor 1")), w);
const payload = w.done();
const out = new Printer();
part.print(payload, out);
console.log(out.toString().trim());

const env = createEnv({ era: ERAS['6.1'], seed: 0 });
const { match } = compileMatch(payload, world, env, KINDS);
const frame = new Frame();
frame.data = describeFrame('tcp 192.168.1.7:51514 > 1.1.1.100:443');
frame.end = frame.length = frame.data.length;
frame.linkType = 1;
const packet = createPacket(env);
for (const timeToLive of [64, 8]) {
  frame.data[22] = timeToLive;
  enter(frame, packet, { hook: 'egress', vlan: 'offload' });
  console.log('ttl', timeToLive, match(packet));
}

/* prints
NOT ttl(8)
  AND cmp(u8 at 9 layer 1 eq 6)
ttl 64 true
ttl 8 false
*/
