// How does one packet come to its class? Here the packet is given in words; a frame of a capture does as well.
import {
  createEnv,
  describeFrame,
  ERAS,
  explain,
  explainText,
  Frame,
  NO_METADATA,
  parseFlowOptions,
  Run,
} from 'cls-flow';

const spec = 'map key dst and 0xff divisor 16';
const clock = { now: 0 };
const run = new Run({
  env: createEnv({ era: ERAS['6.1'], seed: 0, clock }),
  clock,
  device: { hook: 'egress', vlan: 'offload' },
  filters: [{ spec, options: parseFlowOptions(spec) }],
  known: { rxhashKey: false, foldKey: false },
  metadata: NO_METADATA,
  tracker: null,
  sharing: false,
});

const frame = new Frame();
frame.data = describeFrame('tcp 192.168.1.7:51514 > 1.1.1.100:443');
frame.end = frame.length = frame.data.length;
frame.linkType = 1;
process.stdout.write(explainText(explain(run, frame)));

/* prints
packet 1  tcp 192.168.1.7:51514 > 1.1.1.100:443  (54 bytes, egress, era 6.1)
  protocol   ip
headers
  ip               at   14   20 bytes
  tcp              at   34             ports 51514 and 443
filter pref 1 handle 0x1: map key dst and 0xff divisor 16
  dst              0x01010164  from headers            exact
  0x00000064  and 0x000000ff
  0x00000004  modulo divisor 16
  0x00010005  base class 1:1 plus the low 16 bits, no carry
class 1:5, verdict ok, by pref 1 (exact)
*/
