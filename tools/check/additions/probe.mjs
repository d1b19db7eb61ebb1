// Run in a copy of the tree that has all the dummies, after a build: whether everything knows them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

const load = (file) => import(new URL(`../../../dist/src/${file}.js`, import.meta.url).href);
const { openCapture, PcapWriter, Frame } = await load('capture/index');
const { runTc } = await load('command/index');
const { createEnv } = await load('env');
const { ERAS } = await load('era');
const { Netns } = await load('kernel/index');
const { describeFrame, LINK_TYPES, NO_METADATA } = await load('packet/index');
const { planFilter } = await load('plan');
const { Replay } = await load('replay/index');
const { Run } = await load('run');
const { RULES } = await load('lint/rules/index');

/** Frames of several lengths; of some the dummy header stands between IPv4 and TCP. */
function* frames() {
  for (let i = 0; i < 200; i++) {
    const plain = describeFrame(`tcp 192.0.2.${i}:${1000 + i} > 198.51.100.${i % 7}:443`);
    const data = new Uint8Array(plain.length + 4 + (i % 5));
    data.set(plain);
    if (i % 2 === 0) {
      data.copyWithin(38, 34);
      data.set([6, 0, 9, 9], 34);
      data[23] = 253;
    }
    yield data;
  }
}

function counts(filter, engine, era = '6.1') {
  const clock = { now: 0 };
  const run = new Run({
    env: createEnv({ era: ERAS[era], seed: 0, clock }),
    clock,
    device: { hook: 'egress', vlan: 'offload' },
    metadata: NO_METADATA,
    sharing: false,
    tracker: null,
    known: { rxhashKey: true, foldKey: true },
    filters: [planFilter(filter)],
  });
  const replay = new Replay(run, engine);
  const reader = openCapture(replay.room);
  const writer = new PcapWriter({ linkType: 1 }, (chunk) => reader.push(chunk));
  for (const data of frames()) {
    writer.write(Object.assign(new Frame(), { data, end: data.length, length: data.length, linkType: 1 }));
  }
  writer.finish();
  reader.finish();
  replay.take(reader);
  replay.settle();
  return JSON.stringify([[...run.tally.rows()], run.tally.exactness]);
}

const PORTS = 'hash keys proto,proto-src,proto-dst divisor 1024';
const FILTERS = [
  PORTS,
  'map key dummy baseclass 1:1',
  'hash keys src,dummy divisor 64',
  `map key src match 'dummy(x)' baseclass 1:1`,
];
for (const filter of FILTERS) assert.equal(counts(filter, 'auto'), counts(filter, 'plain'), filter);
assert.equal(counts(PORTS, 'auto', '6.99'), counts(PORTS, 'plain', '6.99'));
// Five lengths are five classes; and the ports behind the dummy header were read.
assert.equal(JSON.parse(counts('map key dummy baseclass 1:1', 'plain'))[0].length, 5);
assert.ok(JSON.parse(counts(PORTS, 'plain'))[0].length > 100);

const netns = new Netns({ env: createEnv({ era: ERAS['6.1'], seed: 0 }), devices: [{ name: 'eth0', ifindex: 2 }] });
const transport = { request: (datagram) => netns.request(datagram), links: netns.links };
const tc = (line) => {
  const { exit, stdout, stderr } = runTc(line.split(' '), { transport });
  assert.equal(exit, 0, `tc ${line}: ${stderr}`);
  return stdout;
};
tc('qdisc add dev eth0 root handle 1: dummy limit 100k avpkt 1000');
assert.match(tc('qdisc show dev eth0'), /qdisc dummy 1:/);
tc('qdisc replace dev eth0 root handle 2: htb');
tc('filter add dev eth0 parent 2: dummy classid 2:1 action dummy drop');
assert.match(tc('filter show dev eth0 parent 2:'), / dummy /);

assert.ok(LINK_TYPES.some(({ name }) => name === 'DUMMY'));
assert.ok(RULES.some(({ code }) => code === 'FT099'));
const cli = (...args) => spawnSync(process.execPath, ['dist/node/cli/main.js', ...args], { encoding: 'utf8' });
assert.match(cli('--help').stdout, /dummy/);
assert.match(cli('classify', '--help').stdout, /6\.99/);
