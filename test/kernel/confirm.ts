import { Frame, openCapture } from '../../src/capture/index.ts';
import { runTc, type Transport } from '../../src/command/index.ts';
import { parseListing, parseNat, Tracker, type TrackerOptions } from '../../src/conntrack/index.ts';
import { createEnv, createPacket, type EnvOptions } from '../../src/env.ts';
import type { Era } from '../../src/era.ts';
import { Netns } from '../../src/kernel/index.ts';
import { Ct, enter, FlowKeys, type Packet } from '../../src/packet/index.ts';
import { KEYS } from '../../src/sched/flow/index.ts';
import { classText } from '../../src/u32.ts';
import { Verdict, verdictName } from '../../src/verdict.ts';
import { CHECK_OPTIONS, type Checks, checkOn } from './checks.ts';
import { fill } from './diff/compare.ts';
import { eraOf } from './era-of.ts';
import type { RunningKernel } from './harness.ts';
import { type Step, type StepAnswer, type StepsTaken, type Taken, takeSteps } from './steps.ts';

const USAGE = `npm run kernel:confirm -- ${CHECK_OPTIONS}
What a record cannot show, seen on a real kernel with our answer beside its own: user namespaces, perturbation over
time, policing, conntrack behind NAT, the owners of real sockets, realms.`;

/** Our kernel with one device, told by tc's words what it has. */
class Ours {
  readonly clock = { now: 0 };
  readonly netns: Netns;
  readonly packet: Packet;
  private readonly env;
  private readonly flow = new FlowKeys();

  constructor(options: Omit<EnvOptions, 'seed' | 'clock'>, userNamespace = false) {
    this.env = createEnv({ ...options, seed: 0, clock: this.clock });
    this.netns = new Netns({ env: this.env, devices: [{ name: 'd0', ifindex: 7 }], userNamespace });
    this.packet = createPacket(this.env);
  }

  tc(line: string): { readonly exit: number; readonly said: string } {
    const transport: Transport = { request: (datagram) => this.netns.request(datagram), links: this.netns.links };
    const { exit, stderr } = runTc(line.split(' '), { transport });
    return { exit, said: firstLine(stderr) };
  }

  /** The answer about the packet as it stands. */
  ask(): { readonly classid: number; readonly verdict: number } {
    const { verdict, result } = this.netns.classify(this.packet, EGRESS);
    return { verdict, classid: result.classid };
  }

  /** The packet is what the kernel had of a frame that was sent by a raw packet socket of root. */
  load(bytes: Uint8Array, { packet }: Taken): void {
    if (packet === null) throw new Error('no filter saw the frame');
    fill(this.packet, { bytes, mark: 0, priority: 0, owner: 0 }, packet, this.flow, this.env);
  }

  /** The seed of the filter that is the only one. */
  get hashrnd(): number {
    const [only] = this.netns.flowFilters(EGRESS);
    return only?.classifier.get(only.handle)?.hashrnd ?? 0;
  }
}

const EGRESS = { dev: 'd0', hook: 'egress' } as const;
const QDISC = 'qdisc add dev d0 root handle 1: drr';
const DUMMY = `ip link add d0 index 7 type dummy\nip link set d0 up\ntc ${QDISC}\n`;
const onD0 = (pref: number, text: string): string =>
  `filter add dev d0 parent 1: handle 1 pref ${pref} protocol ${text}`;
const firstLine = (text: string): string => text.trim().split('\n')[0] ?? '';
const NANOSECONDS = 1e9;

/** Quirk 14: which keys a program in a user namespace of its own may use. */
async function userNamespaces(k: RunningKernel, era: Era, checks: Checks): Promise<void> {
  const names = Object.values(KEYS).map(({ name }) => name);
  const line = (name: string): string => onD0(5, `ip flow map key ${name}`);
  const inside = `set -e
${DUMMY}set +e
for key in ${names.join(' ')}; do
  said=$(tc ${line('$key')} 2>&1); echo "$key: exit $? $(echo "$said" | head -n 1)"
  tc filter del dev d0 parent 1: 2> /dev/null
done
`;
  const job = await k.run('unshare --user --map-root-user --net /bin/sh inside', { inside }, 60);
  const kernel = job.stdout.trim().split('\n');
  const ours = names.map((name) => {
    const mine = new Ours({ era }, true);
    mine.tc(QDISC);
    const { exit, said } = mine.tc(line(name));
    return `${name}: exit ${exit} ${said}`.trim();
  });
  for (const [i, name] of names.entries()) {
    checks.same(`in a user namespace: key ${name}`, (kernel[i] ?? job.stderr).trim(), ours[i] ?? '');
  }
  const allowed = (text: string): boolean => kernel.some((each) => each.startsWith(`${text}: exit 0`));
  checks.holds(
    'quirk 14: src, dst, proto and proto-src are refused, sk-uid and sk-gid are not',
    !['src', 'dst', 'proto', 'proto-src'].some(allowed) && ['sk-uid', 'sk-gid'].every(allowed),
    `${names.filter(allowed).length} of ${names.length} keys are allowed`,
  );
}

const UDP = Buffer.concat([
  Buffer.from('020000000001020000000002080045000024000100004011b6c00a0000010a0000020035003500100000', 'hex'),
  Buffer.alloc(8),
]);
const PERIOD = 2;
const ADD = onD0(2, `ip flow hash keys src divisor 65536 perturb ${PERIOD}`);
const CHANGE = ADD.replace('filter add', 'filter change').replace('65536', '60000');
const CHANGED_AT = 3.5;

/** A new seed each period, counted from the last change of the filter. */
async function perturbation(k: RunningKernel, era: Era, checks: Checks): Promise<void> {
  const frames = Array.from({ length: 42 }, (_, i): Step => ({ at: 0.7 + 0.2 * i, frame: UDP }));
  const before = frames.filter(({ at }) => at < CHANGED_AT);
  const steps: Step[] = [
    { at: 0, run: `tc ${ADD}` },
    ...before,
    { at: CHANGED_AT, run: `tc ${CHANGE}` },
    ...frames.slice(before.length),
  ];
  const taken = await takeSteps(k, era, DUMMY, 'd0', steps);
  // Sooner: all that passes between two steps is as short as the clock allows; later: as long.
  const sooner = seedsOf(era, taken, steps, true);
  const later = seedsOf(era, taken, steps, false);
  const theirs = turns(taken.steps.map(({ answers }) => answers[0]?.hashrnd ?? null));
  const [least, most] = [turns(sooner.seeds), turns(later.seeds)];
  const sure = steps.flatMap((step, i) => ('frame' in step && least[i] === most[i] ? [i] : []));
  const list = (of: readonly number[]): string =>
    sure.map((i) => `${taken.steps[i]?.began.toFixed(1)}s:${of[i]}`).join(' ');
  checks.same(
    `perturb ${PERIOD}: how often the seed had changed, changed at ${CHANGED_AT} s (${frames.length - sure.length} frames too near a turn to tell)`,
    list(theirs),
    list(least),
  );
  checks.holds(
    'perturb: seeds were drawn before and after the change',
    new Set(theirs).size >= 3,
    `${Math.max(...theirs)} new seeds`,
  );
  const classes = steps.flatMap((step, i) => ('frame' in step ? [i] : []));
  const text = (of: readonly (number | null)[]): string =>
    [...new Set(classes.map((i) => of[i] ?? 0))].map(classText).join(' ');
  checks.same(
    `perturb: the classes of ${classes.length} frames, each under its seed`,
    text(taken.steps.map(({ answers }) => answers[0]?.classid ?? null)),
    text(classesOf(era, taken, steps)),
  );
}

/** How often a value was another than before, at each step; null: nothing was seen. */
function turns(seeds: readonly (number | null)[]): number[] {
  let [count, last] = [0, null as number | null];
  return seeds.map((seed) => {
    if (seed !== null && last !== null && seed !== last) count++;
    last = seed ?? last;
    return count;
  });
}

/** Our filter's seed at each step, with the kernel's clock. */
function seedsOf(era: Era, taken: StepsTaken, steps: readonly Step[], sooner: boolean): { seeds: (number | null)[] } {
  const ours = new Ours({ era, foldKey: taken.foldKey, rxhashKey: taken.rxhashKey });
  ours.tc(QDISC);
  const seeds = steps.map((step, i) => {
    const now = taken.steps[i];
    if (now === undefined) return null;
    const isFrame = 'frame' in step;
    ours.clock.now = (isFrame === sooner ? now.began : now.over + (isFrame ? LATE_TIMER : 0)) * NANOSECONDS;
    if (!isFrame) {
      ours.tc(step.run.replace(/^tc /, ''));
      return null;
    }
    ours.load(step.frame, now);
    ours.ask();
    return ours.hashrnd;
  });
  return { seeds };
}

/** A timer runs at the next tick of 4 ms, in emulation sometimes after several. */
const LATE_TIMER = 0.03;

/** Our class of each frame under the seed that the kernel's filter had. */
function classesOf(era: Era, taken: StepsTaken, steps: readonly Step[]): (number | null)[] {
  let command = ADD;
  return steps.map((step, i) => {
    const now = taken.steps[i];
    if ('run' in step) command = step.run.replace(/^tc filter change/, 'filter add').replace(/^tc /, '');
    if ('run' in step || now === undefined) return null;
    const hashrnd = now.answers[0]?.hashrnd ?? 0;
    const env = createEnv({ era, seed: 0, foldKey: taken.foldKey, rxhashKey: taken.rxhashKey });
    const netns = new Netns({ env, devices: [{ name: 'd0', ifindex: 7 }], hashrnd: () => hashrnd });
    const transport: Transport = { request: (datagram) => netns.request(datagram), links: netns.links };
    for (const line of [QDISC, command]) runTc(line.split(' '), { transport });
    const ours = new Ours({ era, foldKey: taken.foldKey, rxhashKey: taken.rxhashKey });
    ours.load(step.frame, now);
    return netns.classify(ours.packet, EGRESS).result.classid;
  });
}

const LENGTH = 1000;
/** A thousand bytes a second, so that a frame is a second's worth; bursts of five frames, one, and a byte less than one. */
const POLICED = [
  { type: 0x88b5, burst: 5000 },
  { type: 0x88b6, burst: 1000 },
  { type: 0x88b7, burst: 999 },
] as const;

async function policing(k: RunningKernel, era: Era, checks: Checks): Promise<void> {
  const lines = POLICED.map(({ type, burst }, i) =>
    onD0(
      2 + i,
      `0x${type.toString(16)} flow map key mark action police rate 8kbit burst ${burst} mtu 2000 conform-exceed drop/ok`,
    ),
  );
  const send = (at: number, type: number): Step => {
    const frame = Buffer.alloc(LENGTH);
    frame.writeUInt16BE(type, 12);
    return { at, frame };
  };
  const steps = [
    ...Array.from({ length: 6 }, () => send(0.1, 0x88b5)),
    ...[send(0.1, 0x88b6), send(0.1, 0x88b6), send(0.1, 0x88b7)],
    ...[send(1.4, 0x88b5), send(1.4, 0x88b5), send(1.4, 0x88b6), send(1.4, 0x88b7)],
    ...[send(1.9, 0x88b5), send(1.9, 0x88b6), send(2.8, 0x88b5), send(2.8, 0x88b5), send(2.8, 0x88b7)],
  ];
  const setup = `${DUMMY}${lines.map((line) => `tc ${line}\n`).join('')}`;
  const taken = await takeSteps(k, era, setup, 'd0', steps);
  const verdicts = (at: 'began' | 'over'): string[] => {
    const ours = new Ours({ era, foldKey: taken.foldKey, rxhashKey: taken.rxhashKey });
    for (const line of [QDISC, ...lines]) ours.tc(line);
    return steps.map((step, i) => {
      const now = taken.steps[i];
      if (now === undefined || !('frame' in step)) return '';
      ours.clock.now = (10 + now[at]) * NANOSECONDS;
      ours.load(step.frame, now);
      return verdictName(ours.ask().verdict);
    });
  };
  const [early, late] = [verdicts('began'), verdicts('over')];
  for (const { type, burst } of POLICED) {
    const mine = steps.flatMap((step, i) =>
      'frame' in step && Buffer.from(step.frame).readUInt16BE(12) === type ? [i] : [],
    );
    const show = (of: readonly string[]): string =>
      mine.map((i) => `${taken.steps[i]?.began.toFixed(2)}s:${of[i]}`).join(' ');
    const theirs = taken.steps.map(({ answers }) => verdictName((answers[0]?.verdict ?? Verdict.UNSPEC) as Verdict));
    checks.same(
      `police rate 8kbit burst ${burst}: frames of ${LENGTH} bytes at their own times`,
      show(theirs),
      show(early),
    );
    checks.same(`police burst ${burst}: the same with the times when sending was over`, show(theirs), show(late));
  }
}

/** Each key is asked for by two filters, its low half and its high half, of which the kernel's classes tell it. */
function halves(device: string, netns: string, first: number, names: readonly string[]): string {
  return names
    .flatMap((name, i) =>
      ['', 'rshift 16 '].map(
        (shift, high) =>
          `tc ${netns} filter add dev ${device} parent 1: handle 1 pref ${first + 2 * i + high} protocol ip flow map key ${name} ${shift}baseclass 1:1 action continue`,
      ),
    )
    .join('\n');
}

function halvesOf(answers: readonly StepAnswer[], low: number): string {
  const half = (pref: number): number => ((answers.find((each) => each.pref === pref)?.classid ?? 1) - 1) & 0xffff;
  return `0x${(((half(low + 1) << 16) | half(low)) >>> 0).toString(16).padStart(8, '0')}`;
}

const NFCT = ['nfct-src', 'nfct-dst', 'nfct-proto-src', 'nfct-proto-dst', 'src', 'dst'] as const;
const WAN = 10;
const LAN = 40;
const ROUTER = `
ip netns add lan; ip netns add rt; ip netns add srv
ip link add la netns lan type veth peer name rt0 netns rt
ip link add sv netns srv type veth peer name rt1 netns rt
for n in lan rt srv; do ip netns exec $n sysctl -qw net.ipv6.conf.all.disable_ipv6=1; done
ip -n lan addr add 10.1.0.70/24 dev la; ip -n rt addr add 10.1.0.1/24 dev rt0
ip -n rt addr add 10.2.0.1/24 dev rt1; ip -n srv addr add 10.2.0.2/24 dev sv
for where in "lan la" "rt rt0" "rt rt1" "srv sv"; do set -- $where; ip -n $1 link set $2 up; done
ip -n lan route add default via 10.1.0.1
ip netns exec rt sysctl -qw net.ipv4.ip_forward=1
ip netns exec rt nft 'table ip nat { chain out { type nat hook postrouting priority 100; oifname "rt1" masquerade; }; }'
for dev in rt0 rt1; do
  tc -n rt qdisc add dev $dev root handle 1: drr
  tc -n rt class add dev $dev parent 1: classid 1:fff0 drr
done
${halves('rt1', '-n rt', WAN, NFCT)}
${halves('rt0', '-n rt', LAN, NFCT)}
for dev in rt0 rt1; do
  tc -n rt filter add dev $dev parent 1: pref 100 protocol all matchall classid 1:fff0
done
ip link add d0 type dummy
ip netns exec lan ping -qc 1 -W 5 10.2.0.2 > /dev/null
`;
const DIALOGUE = `
ip netns exec rt tcpdump -i rt0 -U -w - -c 2 udp or icmp > lan.pcap 2> lan.err &
ip netns exec rt tcpdump -i rt1 -Q out -U -w - -c 1 udp > wan.pcap 2> wan.err &
for try in 1 2 3 4 5 6 7 8 9 10; do [ "$(cat lan.err wan.err | grep -c listening)" = 2 ] && break; sleep 0.5; done
ip netns exec lan bash -c 'echo asked > /dev/udp/10.2.0.2/9'
for try in 1 2 3 4 5 6; do kill -0 $(jobs -p) 2> /dev/null || break; sleep 0.5; done
kill $(jobs -p) 2> /dev/null
wait
ip netns exec rt conntrack -L > table 2> /dev/null
`;

/** A client behind a masquerading router asks, and is told that nobody listens. */
async function nat(k: RunningKernel, era: Era, checks: Checks): Promise<void> {
  const taken = await takeSteps(k, era, `modprobe -d ${k.about.root} nf_conntrack_netlink${ROUTER}`, 'd0', [
    { at: 0, run: DIALOGUE },
  ]);
  const [step] = taken.steps;
  const answers = step?.answers ?? [];
  const kernel = (low: number): string => NFCT.map((name, i) => `${name} ${halvesOf(answers, low + 2 * i)}`).join(' ');
  const [asked, answered] = framesOf(taken.file('lan.pcap'));
  const [translated] = framesOf(taken.file('wan.pcap'));
  if (!asked || !answered || !translated) throw new Error('the packets were not captured');
  const seen = [asked, translated, answered];
  const told: readonly (readonly [string, TrackerOptions])[] = [
    ['told the rule', { rules: [parseNat('masquerade 10.1.0.0/24 to 10.2.0.1')] }],
    ['told the table', { table: parseListing(taken.file('table').toString('utf8')) }],
  ];
  for (const [how, options] of told) {
    const [, out, back] = tracked(era, options, seen);
    checks.same(`behind NAT, leaving towards the server (${how})`, kernel(WAN), out ?? '');
    checks.same(`behind NAT, the error that comes back to the client (${how})`, kernel(LAN), back ?? '');
  }
  checks.holds(
    'nfct-src of what leaves is the address in the LAN, src that of the router',
    halvesOf(answers, WAN) === '0x0a010046' && halvesOf(answers, WAN + 8) === '0x0a020001',
    kernel(WAN),
  );
}

function framesOf(pcap: Buffer): Frame[] {
  const reader = openCapture();
  reader.push(pcap);
  reader.finish();
  const frames: Frame[] = [];
  for (let frame = new Frame(); reader.next(frame); frame = new Frame()) frames.push(frame);
  return frames;
}

/** What we say of the keys of each packet, one connection after the other. */
function tracked(era: Era, options: TrackerOptions, frames: readonly Frame[]): string[] {
  const tracker = new Tracker(options);
  return frames.map((frame, i) => {
    const ours = new Ours({ era });
    const { packet } = ours;
    const reason = enter(frame, packet, { hook: 'egress', vlan: 'offload' });
    if (reason !== null) throw new Error(reason);
    const ct = new Ct();
    if (tracker.track(packet, ct, i * 1e6)) packet.ct = ct;
    return NFCT.map((name) => `${name} ${valueBy(ours, name)}`).join(' ');
  });
}

/** The value of a key by the classes that our own filters give. */
function valueBy(ours: Ours, name: string): string {
  const half = (shift: string): number => {
    ours.tc('qdisc del dev d0 root');
    ours.tc(QDISC);
    ours.tc(onD0(1, `all flow map key ${name} ${shift}baseclass 1:1`));
    return (ours.ask().classid - 1) & 0xffff;
  };
  return `0x${(((half('rshift 16 ') << 16) | half('')) >>> 0).toString(16).padStart(8, '0')}`;
}

const OWNER = { uid: 70001, gid: 4000000 };
const REALM = { from: 3, to: 7 };
const SEND = (to: string): string => `bash -c 'echo said > /dev/udp/${to}/9'`;

/** A program of another user sends; packets follow routes in realms. */
async function ownersAndRealms(k: RunningKernel, era: Era, checks: Checks): Promise<void> {
  const names = ['sk-uid', 'sk-gid', 'rt-classid'];
  const setup = `${DUMMY}
ip addr add 10.9.0.1/24 dev d0
ip route add 10.77.0.0/24 dev d0 realm ${REALM.from}/${REALM.to}
ip route add 10.78.0.0/24 dev d0 realm ${REALM.to}
${halves('d0', '', 2, names)}
`;
  const { uid, gid } = OWNER;
  const steps = [
    { at: 0, run: `setpriv --reuid ${uid} --regid ${gid} --clear-groups ${SEND('10.9.0.2')}` },
    { at: 0, run: `setpriv --reuid ${uid} --regid 0 --clear-groups ${SEND('10.77.0.2')}` },
    { at: 0, run: SEND('10.78.0.2') },
  ];
  const expected = [
    { about: `a socket of user ${uid} and group ${gid}`, uid, gid, realms: 0 },
    {
      about: `user ${uid}, by a route in realms ${REALM.from}/${REALM.to}`,
      uid,
      gid: 0,
      realms: (REALM.from << 16) | REALM.to,
    },
    { about: `root, by a route in realm ${REALM.to}`, uid: 0, gid: 0, realms: REALM.to },
  ];
  const taken = await takeSteps(k, era, setup, 'd0', steps);
  for (const [i, one] of expected.entries()) {
    const ours = new Ours({ era });
    Object.assign(ours.packet, { skUid: one.uid, skGid: one.gid, rtClassid: one.realms });
    const answers = taken.steps[i]?.answers ?? [];
    checks.same(
      `${one.about}: ${names.join(', ')}`,
      names.map((_, key) => halvesOf(answers, 2 + 2 * key)).join(' '),
      names.map((name) => valueBy(ours, name)).join(' '),
    );
  }
}

const CONFIRMED = [userNamespaces, perturbation, policing, nat, ownersAndRealms];

process.exitCode = await checkOn(USAGE, async (k, checks) => {
  for (const confirm of CONFIRMED) await confirm(k, eraOf(k.about.version), checks);
});
