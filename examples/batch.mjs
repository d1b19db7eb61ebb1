// A tc batch against an emulated kernel, and a packet that meets its filters. No root, on any system.
import { createEnv, createPacket, describeFrame, ERAS, Frame } from 'cls-flow';
import { runScript, runTc } from 'cls-flow/command';
import { Netns } from 'cls-flow/netns';
import { enter } from 'cls-flow/packet';

const BATCH = `
qdisc add dev eth0 root handle 1: drr
class add dev eth0 parent 1: classid 1:1 drr
filter add dev eth0 parent 1: protocol ip prio 1 handle 1 flow map key dst and 0xff divisor 16
filter add dev eth0 parent 1: protocol ip prio 2 flow map
`;

const env = createEnv({ era: ERAS['6.1'], seed: 0 });
const netns = new Netns({ env, devices: [{ name: 'eth0', ifindex: 2 }] });
const transport = { request: (datagram) => netns.request(datagram), links: netns.links };

for (const { line, exit, stderr } of runScript(BATCH, transport).answers) {
  if (exit !== 0) console.log(`line ${line}, exit ${exit}: ${stderr.trim()}`);
}
process.stdout.write(runTc(['filter', 'show', 'dev', 'eth0'], { transport }).stdout);

const frame = new Frame();
frame.data = describeFrame('tcp 192.168.1.7:51514 > 1.1.1.100:443');
frame.end = frame.length = frame.data.length;
frame.linkType = 1;
const packet = createPacket(env);
enter(frame, packet, { hook: 'egress', vlan: 'offload' });
const { verdict, result } = netns.classify(packet, { dev: 'eth0', hook: 'egress' });
console.log('verdict', verdict, 'class', result.classid.toString(16));

/* prints
line 5, exit 2: RTNETLINK answers: Invalid argument
We have an error talking to the kernel
filter parent 1: protocol ip pref 1 flow chain 0 
filter parent 1: protocol ip pref 1 flow chain 0 handle 0x1 map keys dst and 0x000000ff divisor 16 baseclass 1:1 
verdict 0 class 10005
*/
