import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setupCommands } from '../../src/study/index.ts';
import { CHECK_OPTIONS, type Checks, checkOn } from './checks.ts';
import type { RunningKernel } from './harness.ts';
import type { JobResult } from './machine.ts';
import { GUEST, ROOT } from './root.ts';

const USAGE = `npm run kernel:live -- ${CHECK_OPTIONS}
What tc writes we read and what we write tc reads, on a real kernel; diff --apply makes setups equal; real traffic; what a flow gets of advise's set-up.`;

/** What is set up on a device, and where its filters are. DEV is the device. */
interface Setup {
  readonly parents: readonly string[];
  readonly commands: readonly string[];
}

const drr = ['qdisc add dev DEV root handle 1: drr', 'class add dev DEV parent 1: classid 1:1 drr quantum 1500'];
const filter = (text: string): string => `filter add dev DEV parent 1: protocol ${text}`;

const SETUPS: readonly Setup[] = [
  {
    parents: ['1:', '10:'],
    commands: [
      'qdisc add dev DEV root handle 1: htb default 20 r2q 5',
      'class add dev DEV parent 1: classid 1:1 htb rate 100mbit',
      'class add dev DEV parent 1:1 classid 1:10 htb rate 10mbit ceil 100mbit prio 1',
      'class add dev DEV parent 1:1 classid 1:20 htb rate 20mbit ceil 50mbit burst 20k',
      'qdisc add dev DEV parent 1:10 handle 10: sfq perturb 10 divisor 512',
      'qdisc add dev DEV parent 1:20 handle 20: pfifo limit 33',
      filter('ip prio 5 handle 1 flow map key mark and 0xff rshift 2 addend 3 baseclass 1:10'),
      'filter add dev DEV parent 10: protocol ip prio 1 handle 1 flow hash keys src,dst,proto-src divisor 512 perturb 60',
    ],
  },
  {
    parents: ['1:'],
    commands: [
      ...drr,
      filter('ip prio 1 handle 0x1 flow hash keys src,dst,proto,proto-src,proto-dst divisor 1024 baseclass 1:1'),
      filter('ipv6 prio 2 handle 0x2 flow hash keys iif,priority,mark,nfct,nfct-src,nfct-dst,nfct-proto-src divisor 8'),
      filter('all prio 3 handle 0x3 flow hash keys nfct-proto-dst,rt-classid,sk-uid,sk-gid,vlan-tag,rxhash divisor 9'),
      filter('ip prio 4 handle 0x4 flow map key dst and 0xff'),
      filter('ip prio 4 handle 0x5 flow map key src xor 0xff rshift 3'),
      filter('ip prio 4 handle 0x6 flow map key proto-dst or 0xf0 divisor 7 baseclass 1:20'),
      filter('ip prio 6 handle 0x7 flow map key dst addend -192.168.0.0 divisor 256'),
    ],
  },
  {
    parents: ['1:'],
    commands: [
      ...drr,
      filter("ip prio 1 handle 1 flow map key dst match 'cmp(u8 at 9 layer network eq 6)' divisor 8"),
      filter(
        "ip prio 1 handle 2 flow map key dst match 'meta(priority gt 3)' and not 'u32(u16 0x1122 0xffff at 4)' divisor 8",
      ),
      filter('ip prio 2 handle 1 flow map key mark action gact drop'),
      filter('ip prio 2 handle 2 flow map key mark action skbedit priority 1:5 mark 7 pipe action gact continue'),
      filter('ip prio 2 handle 3 flow map key mark action police rate 1mbit burst 10k conform-exceed drop/pipe'),
      filter('ip prio 2 handle 4 flow map key mark action mirred egress mirror dev lo'),
    ],
  },
  {
    parents: ['ffff:fff2', 'ffff:fff3'],
    commands: [
      'qdisc add dev DEV clsact',
      'filter add dev DEV ingress protocol ip prio 1 handle 1 flow map key dst',
      'filter add dev DEV egress chain 5 protocol all prio 7 handle 1 flow hash keys src divisor 64',
    ],
  },
  {
    parents: ['1:'],
    commands: [
      'qdisc add dev DEV root handle 1: hfsc default 2',
      'class add dev DEV parent 1: classid 1:1 hfsc ls m2 10mbit ul m2 20mbit',
      'class add dev DEV parent 1:1 classid 1:2 hfsc sc umax 1500 dmax 10ms rate 2mbit',
      'qdisc add dev DEV parent 1:2 handle 2: fq_codel limit 500 flows 64 noecn',
      filter('ip prio 9 handle 0xff flow hash keys dst divisor 2 baseclass 1:2'),
    ],
  },
  {
    parents: ['1:', '12:'],
    commands: [
      'qdisc add dev DEV root handle 1: prio bands 4 priomap 1 2 2 2 1 2 0 0 1 1 1 1 1 1 1 3',
      'qdisc add dev DEV parent 1:1 handle 11: tbf rate 1mbit burst 5k latency 50ms',
      'qdisc add dev DEV parent 1:2 handle 12: sfq quantum 1514 limit 100',
      'qdisc add dev DEV parent 1:3 handle 13: bfifo limit 9000',
      'filter add dev DEV parent 12: protocol all prio 1 handle 1 flow hash keys src divisor 128',
      filter('ip prio 1 handle 1 flow map key priority baseclass 1:1 divisor 4'),
    ],
  },
];

const DEVICES = SETUPS.map((_, i) => `d${i + 1}`);
const on = (i: number): string[] =>
  (SETUPS[i]?.commands ?? []).map((command) => command.replaceAll('DEV', DEVICES[i] ?? ''));
const shown = SETUPS.flatMap(({ parents }, i) => {
  const dev = DEVICES[i] ?? '';
  return [
    ...[`qdisc show dev ${dev}`, `class show dev ${dev}`],
    ...parents.map((parent) => `filter show dev ${dev} parent ${parent}`),
  ];
});

const node = process.execPath;
const cli = path.join(ROOT, 'dist/node/cli/start.cjs');
const READERS = { plain: '', details: '-d -r', brief: '-iec' };

const HEAD = `
ours() { ${node} ${cli} "$@"; }
namespace() {
  ip netns add "$1"
  ip netns exec "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
  for i in ${DEVICES.map((_, i) => i + 1).join(' ')}; do
    ip -n "$1" link add d$i index $((10 + i)) type dummy
    ip -n "$1" link set d$i up
  done
  ip -n "$1" link set lo up
}
inside() { name=$1; shift; ip netns exec $name "$@"; }
`;

/** Two network namespaces alike: in one tc writes, in the other we do; both are read by both. */
const BOTH_WAYS = `${HEAD}
for who in theirs ours; do
  namespace $who
  case $who in theirs) write="tc";; ours) write="${node} ${cli} tc --live";; esac
  inside $who $write -batch setup.tc > $who.wrote 2>&1
  echo "exit $?" >> $who.wrote
  inside $who python3 dumps.py ${SETUPS.map(({ parents }, i) => [DEVICES[i], ...parents].join(' ')).join(' ')} > $who.dumps
${Object.entries(READERS)
  .map(
    ([name, options]) => `  inside $who tc ${options} -batch show.tc > $who.tc.${name} 2>&1
  inside $who ${node} ${cli} tc --live ${options} -batch show.tc > $who.we.${name} 2>&1`,
  )
  .join('\n')}
done
`;

/** Every device of "theirs" is set up as the next one's script says, then made equal to its own; tc looks at it before and after. */
const APPLY = `${HEAD}
namespace apply
for i in ${DEVICES.map((_, i) => i + 1).join(' ')}; do
  sed "s/DEV/d$i/" other$i.tc > now.tc
  inside apply tc -batch now.tc
  cp own$i.tc plan.tc
  echo "== $i"
  inside apply ${node} ${cli} diff plan.tc --live d$i > before$i; echo "before $?"
  inside apply ${node} ${cli} diff plan.tc --live d$i --apply > applied$i; echo "applied $?"
  inside apply ${node} ${cli} diff plan.tc --live d$i; echo "after $?"
done
inside apply tc -batch show.tc > apply.tc.plain 2>&1
`;

const REFUSED = `${HEAD}
namespace refused
inside refused setpriv --reuid 65534 --clear-groups ${node} ${cli} tc --live qdisc add dev d1 root prio > permission 2>&1
echo "exit $?" >> permission
inside refused tc qdisc add dev d1 root handle 1: drr
for other in theirs ours apply a b; do ip netns del $other 2> /dev/null; done
for try in 1 2 3 4 5 6 7 8 9 10; do rmmod cls_flow 2> /dev/null && break; sleep 1; done
inside refused ${node} ${cli} tc --live filter add dev d1 parent 1: protocol ip prio 1 handle 1 flow map key dst > module 2>&1
echo "exit $?" >> module
`;

const PORTS = { first: 4000, count: 200 };
/** Two network namespaces and a wire: the kernel's own classes count what we are to say of the same packets. */
const TRAFFIC = `${HEAD}
mkdir -p /dev/pts && mount -t devpts devpts /dev/pts
ip netns add a; ip netns add b
ip -n a link add va type veth peer name vb netns b
for n in a b; do
  inside $n sysctl -qw net.ipv6.conf.all.disable_ipv6=1
  ip -n $n link set lo up
done
ip -n a addr add 10.0.0.1/24 dev va; ip -n a link set va up
ip -n b addr add 10.0.0.2/24 dev vb; ip -n b link set vb up
ip -n a neigh replace 10.0.0.2 lladdr $(ip -n b -o link show vb | sed 's/.*ether \\([^ ]*\\).*/\\1/') dev va
inside a tc qdisc add dev va root handle 1: drr
for c in 1 2 3 4 5 6 7 8; do inside a tc class add dev va parent 1: classid 1:$c drr; done
inside a tc filter add dev va parent 1: protocol ip prio 1 handle 1 flow map key proto-src and 7
inside a tcpdump -Q out -i va -U -w - -c ${PORTS.count} udp 2> tcpdump.err |
  ${node} ${cli} classify - --filter 'map key proto-src and 7' --format json > ours.json &
inside a tcpdump -Q out -i va -U -w - -c ${PORTS.count} udp 2>> tcpdump.err |
  python3 pty_run.py screen ${node} ${cli} classify - --filter 'map key proto-src and 7' &
for try in 1 2 3 4 5 6 7 8 9 10; do [ $(grep -c 'listening' tcpdump.err) = 2 ] && break; sleep 1; done
shows() { for try in $(seq 40); do grep -q "$1" screen 2> /dev/null && return; sleep 1; done; }
shows ' 0 packets'
inside a python3 traffic.py 10.0.0.2 ${PORTS.first} ${PORTS.count / 2}
shows ' ${PORTS.count / 2} packets'
inside a python3 traffic.py 10.0.0.2 ${PORTS.first + PORTS.count / 2} ${PORTS.count / 2}
wait
inside a tc -s class show dev va > kernel.txt
`;

/** The set-up that advise makes: sixteen hosts, each with a class that gets a seventeenth of the link and may borrow the rest. */
// An emulated machine wakes up late: at this rate a bucket lasts some milliseconds.
const LINK = 2e6;
const LOADED = setupCommands({
  ...{ kind: 'htb', dev: 'va', keys: 'src', filter: 'map key src and 0xf divisor 16', divisor: 16, link: LINK },
});
const RUNS = 5;
/** One connection through one class, five times, on a link that is idle besides. */
const BORROW = `
inside() { name=$1; shift; ip netns exec $name "$@"; }
ip netns add a; ip netns add b
ip -n a link add va type veth peer name vb netns b
ip -n a addr add 10.0.0.1/24 dev va; ip -n a link set va up
ip -n b addr add 10.0.0.2/24 dev vb; ip -n b link set vb up
dmesg -C
inside a tc -batch setup.tc > loaded 2>&1
echo "exit $?" >> loaded
dmesg | grep -i quantum >> loaded
inside b python3 throughput.py sink vb ${RUNS} > rates 2> sink.err &
for try in 1 2 3 4 5 6 7 8 9 10; do grep -q listening sink.err && break; sleep 1; done
inside a python3 throughput.py send 10.0.0.2 3 ${RUNS}
wait
inside a tc -s class show dev va classid 1:2 > borrowed
`;

const text = (job: JobResult, name: string): string => job.file(name).toString('utf8');
/** What passes between two looks at the same thing. */
const timeless = (shown: string): string => shown.replace(/\d+ sec/g, 'N sec');

async function bothWays(k: RunningKernel, checks: Checks): Promise<string> {
  const setup = SETUPS.flatMap((_, i) => on(i));
  const job = await k.run(BOTH_WAYS, { ...guest('dumps.py'), 'setup.tc': lines(setup), 'show.tc': lines(shown) }, 300);
  const wrote = text(job, 'theirs.wrote');
  checks.check(`tc wrote: ${setup.length} commands obeyed`, wrote.endsWith('exit 0\n'), wrote);
  checks.equal('we wrote: the same was said', wrote, text(job, 'ours.wrote'));
  for (const who of ['theirs', 'ours']) {
    for (const name of Object.keys(READERS)) {
      const [tc, we] = ['tc', 'we'].map((reader) => timeless(text(job, `${who}.${reader}.${name}`)));
      checks.equal(`${who === 'ours' ? 'we' : 'tc'} wrote; tc and we read the same: ${name}`, tc ?? '', we ?? '');
    }
  }
  checks.equal('tc reads the same of both', text(job, 'theirs.tc.plain'), text(job, 'ours.tc.plain'));
  const [theirs, ours] = ['theirs', 'ours'].map((who) => ageless(text(job, `${who}.dumps`)));
  checks.equal('the kernel lists the same bytes of both', theirs ?? '', ours ?? '');
  if (job.stderr !== '') console.log(job.stderr);
  return text(job, 'theirs.tc.plain');
}

/** struct tcf_t, in the middle of an action's options: how long ago it was made and used. */
function ageless(dumps: string): string {
  return dumps.replace(/(2400[0-9a-f]{2}00)(?:[0-9a-f]{4}000000000000){4}/g, '$1(ages)');
}

async function applies(k: RunningKernel, checks: Checks, expected: string): Promise<void> {
  const files: Record<string, string> = { 'show.tc': lines(shown) };
  for (const i of SETUPS.keys()) {
    files[`other${i + 1}.tc`] = lines(SETUPS[(i + 1) % SETUPS.length]?.commands ?? []);
    files[`own${i + 1}.tc`] = lines(on(i));
  }
  const job = await k.run(APPLY, files, 400);
  for (const [i, part] of job.stdout
    .split(/^== \d+\n/m)
    .slice(1)
    .entries()) {
    const [before, applied, after] = ['before', 'applied', 'after'].map(
      (name) => new RegExp(`^${name} (\\d)`, 'm').exec(part)?.[1],
    );
    const codes = `${before} ${applied} ${after}`;
    checks.check(
      `diff of d${i + 1}: differs, --apply makes it equal, nothing left to do`,
      codes === '1 0 0',
      `${codes}\n${part}\n${text(job, `applied${i + 1}`)}`,
    );
  }
  checks.equal('tc reads what --apply made as what tc made', text(job, 'apply.tc.plain'), expected);
  if (job.stderr !== '') console.log(job.stderr);
}

async function traffic(k: RunningKernel, checks: Checks): Promise<void> {
  const job = await k.run(TRAFFIC, guest('traffic.py', 'pty_run.py'), 180);
  const summary = JSON.parse(text(job, 'ours.json')) as {
    classes: { classid: string; packets: number; bytes: number }[];
  };
  const ours = summary.classes.map(({ classid, packets, bytes }) => `${classid} ${bytes} bytes ${packets} pkt`);
  const kernel = [...text(job, 'kernel.txt').matchAll(/class drr (\S+) .*\n Sent (\d+) bytes (\d+) pkt/g)];
  const theirs = kernel.map(([, classid, bytes, packets]) => `${classid} ${bytes} bytes ${packets} pkt`);
  checks.equal("real traffic: our classes are the kernel's", lines(ours.sort()), lines(theirs.sort()));
  const drawn = text(job, 'screen')
    .split('packets, ')
    .slice(0, -1)
    .map((part) => /(\d+) $/.exec(part)?.[1]);
  const half = String(PORTS.count / 2);
  checks.check(
    `on a terminal the table was drawn ${drawn.length} times, at ${[...new Set(drawn)].join(', ')} packets`,
    drawn[0] === '0' && drawn.includes(half) && drawn.at(-1) === String(PORTS.count),
    text(job, 'screen').slice(0, 2000),
  );
  if (job.stderr !== '') console.log(job.stderr);
}

const ENOUGH = 0.9;

async function borrows(k: RunningKernel, checks: Checks): Promise<void> {
  const job = await k.run(BORROW, { ...guest('throughput.py'), 'setup.tc': lines(LOADED) }, 180);
  checks.equal('the set-up of advise loads without a word', text(job, 'loaded'), 'exit 0\n');
  const rates = text(job, 'rates').trim().split('\n').map(Number);
  const median = rates.sort((a, b) => a - b)[Math.floor(RUNS / 2)] ?? 0;
  checks.check(
    `one flow through one class gets ${Math.round((100 * median) / LINK)}% of the idle link, median of ${rates.length}`,
    rates.length === RUNS && median >= ENOUGH * LINK,
    `${text(job, 'rates')}${text(job, 'borrowed')}`,
  );
  if (job.stderr !== '') console.log(job.stderr);
}

/** What is missing, where what was said of it is, and what must be in it. */
const REASONS = [
  ['permission', 'permission', 'CAP_NET_ADMIN'],
  ['cls_flow', 'module', 'no classifier "flow": load the module cls_flow'],
] as const;

async function refusals(k: RunningKernel, checks: Checks): Promise<void> {
  const job = await k.run(REFUSED, {}, 120);
  for (const [what, file, reason] of REASONS) {
    const said = text(job, file);
    const own = said.split('\n').filter((line) => line.startsWith('cls-flow: '));
    const refused = !said.endsWith('exit 0\n') && own.length === 1 && own[0]?.includes(reason) === true;
    checks.check(`without ${what}: one line of ours that says so`, refused, said);
  }
  if (job.stderr !== '') console.log(job.stderr);
}

function guest(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, readFileSync(path.join(GUEST, name), 'utf8')]));
}

const lines = (list: readonly string[]): string => `${list.join('\n')}\n`;

process.exitCode = await checkOn(USAGE, async (k, checks) => {
  const expected = await bothWays(k, checks);
  await applies(k, checks, expected);
  await traffic(k, checks);
  await borrows(k, checks);
  await refusals(k, checks);
});
