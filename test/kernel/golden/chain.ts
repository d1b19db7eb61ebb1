import type { Era } from '../../../src/era.ts';
import { classText } from '../../../src/u32.ts';
import { type Verdict, verdictName } from '../../../src/verdict.ts';
import { type Call, calls } from '../calls.ts';
import type { SentFrame, TriedFilter } from '../classify.ts';
import { randomFilter } from '../diff/filters.ts';
import type { Random } from '../diff/random.ts';
import type { Scene, SceneTrace } from '../trace.ts';
import { knownPacket } from './classify.ts';
import { DEVICES, LINKS } from './devices.ts';
import { type Family, json, lines, pcap } from './files.ts';
import type { SecretKeys, WatchedCases } from './watched.ts';

const PLACES = {
  egress: { device: 'd0', parent: '1:', qdisc: 'qdisc add dev d0 root handle 1: drr', about: 'drr handle 1:' },
  ingress: { device: 'lo', parent: 'ffff:', qdisc: 'qdisc add dev lo ingress', about: 'ingress' },
} as const;

interface Case {
  readonly id: string;
  readonly hook: keyof typeof PLACES;
  /** DEV and PAR stand for the device and its parent. */
  readonly commands: readonly string[];
  /** By the number that classify/ has them under. */
  readonly packets: readonly number[];
}

const PACKETS = 24;

/** chain/: several filters at one place, each visit of one watched. */
export class ChainCases implements WatchedCases {
  readonly scenes: readonly Scene[];
  private readonly cases: readonly Case[];
  private readonly frames: readonly SentFrame[];

  constructor(r: Random, count: number, frames: readonly SentFrame[]) {
    this.frames = frames;
    this.cases = Array.from({ length: count }, (_, i) => randomCase(r, i + 1, frames.length));
    this.scenes = this.cases.map(({ hook, commands, packets }) => {
      const { device, parent, qdisc } = PLACES[hook];
      return {
        links: LINKS,
        commands: [qdisc, ...commands.map((line) => line.replaceAll('DEV', device).replaceAll('PAR', parent))],
        steps: packets
          .flatMap((packet) => frames[packet] ?? [])
          .map(({ bytes, ...rest }) => ({ ...rest, device, frame: bytes })),
        after: [],
      };
    });
  }

  families(era: Era, scenes: readonly SceneTrace[], keys: SecretKeys): Family[] {
    const known = (packet: number, list: Call): boolean => {
      const [frame, seen] = [this.frames[packet], list.enter.packet];
      return frame !== undefined && seen !== null && knownPacket(era, keys, frame, seen) !== null;
    };
    const used = [...new Set(this.cases.flatMap(({ packets }) => packets))].sort((a, b) => a - b);
    const files = {
      'cases.jsonl': lines(this.cases.flatMap((one, i) => row(one, scenes[i], known))),
      'packets.json': json(used.map((packet, at) => ({ packet, frame: at + 1 }))),
      'packets.pcap': pcap(used.flatMap((packet) => this.frames[packet] ?? [])),
    };
    return [{ name: 'chain', files }];
  }
}

/** Filters of a few preferences, handles and chains, some of them with an action; sometimes one is deleted again. */
function randomCase(r: Random, number: number, frames: number): Case {
  const commands = Array.from({ length: 2 + r.below(5) }, (_, i) => {
    const { protocol, options } = filterOf(r);
    const chain = i > 0 && r.once(3) ? ` chain ${r.pick(CHAINS)}` : '';
    const place = `dev DEV parent PAR${chain} protocol ${protocol} prio ${1 + r.below(4)} handle ${1 + r.below(3)}`;
    return `filter add ${place} flow ${options}${r.once(2) ? ` action ${act(r)}` : ''}`;
  });
  const deleted = r.once(4)
    ? [
        r
          .pick(commands)
          .replace('filter add', 'filter del')
          .replace(/ flow .*/, ' flow'),
      ]
    : [];
  return {
    id: `chain-${String(number).padStart(3, '0')}`,
    hook: r.pick(['egress', 'ingress']),
    commands: [...commands, ...deleted],
    packets: Array.from({ length: PACKETS }, () => r.below(frames)),
  };
}

const CHAINS = [3, 4];

/** The family has no place for the key of the flow hash; and a period would draw another seed while frames pass. */
function filterOf(r: Random): TriedFilter {
  const { protocol, options } = randomFilter(r);
  return options.includes('rxhash') ? filterOf(r) : { protocol, options: options.replace(/ perturb \d+/, '') };
}

function act(r: Random): string {
  const simple = r.pick(['ok', 'drop', 'continue', 'continue', 'pipe', 'reclassify', `goto chain ${r.pick(CHAINS)}`]);
  return r.once(3) ? `skbedit ${r.pick(['mark', 'priority'])} ${r.below(9)} pipe action ${simple}` : simple;
}

function row(one: Case, scene: SceneTrace | undefined, known: (packet: number, list: Call) => boolean): object[] {
  if (scene === undefined) return [];
  const { id, hook, commands, packets } = one;
  const { device, parent, about } = PLACES[hook];
  const lists = scene.steps.map(({ events }) => firstList(calls(events)));
  return [
    {
      id,
      tag: 'random',
      hook,
      device: { name: device, ifindex: DEVICES[device] },
      qdisc: `${about} (parent ${parent})`,
      commands,
      setupErrors: scene.said,
      sendErrors: scene.steps.flatMap(({ errno }, at) => (errno === 0 ? [] : [[at, errno]])),
      hashrnd: Object.fromEntries(lists.flatMap((list) => list?.inner.flatMap(seeds) ?? [])),
      packets: packets.flatMap((packet, at) => {
        const list = lists[at] ?? null;
        if (list === null) return [{ packet, seen: false }];
        return known(packet, list) ? [{ packet, seen: true, ...visits(list) }] : [];
      }),
    },
  ];
}

/** What lo sends comes in again while it is sent. */
function firstList(of: readonly Call[]): Call | null {
  for (const call of of) {
    const found = call.what === 'list' && call.enter.handle !== 0 ? call : firstList(call.inner);
    if (found !== null) return found;
  }
  return null;
}

function visits({ enter, leave, inner }: Call): object {
  const { mark, priority, protocol, iif, len, vlanTag, foldSk, foldDst } = enter.packet?.context ?? {};
  const context = { mark, priority, protocol, iif, len, vlanTag: vlanTag?.tci ?? null, foldSk, foldDst };
  const trace = inner.map(({ leave: { chain, pref, protocol, gave, classid } }) => ({
    chain,
    prio: pref,
    protocol: hex(protocol),
    ret: gave,
    classid: classText(classid),
  }));
  return {
    context,
    trace,
    verdict: leave.gave >= JUMP ? `0x${leave.gave.toString(16)}` : verdictName(leave.gave as Verdict),
    classid: leave.gave < 0 ? null : classText(leave.classid),
    after: {
      mark: leave.mark,
      priority: leave.priority,
      vlanTci: vlanTag ? leave.vlanTci : 0,
      len: leave.len,
      protocol: hex(leave.skbProtocol),
    },
  };
}

/** TC_ACT_JUMP and above: verdicts with a number in them. */
const JUMP = 0x10000000;
const hex = (protocol: number): string => `0x${protocol.toString(16).padStart(4, '0')}`;

function seeds({ leave: { chain, pref, flow } }: Call): [string, number][] {
  return flow.map(({ handle, hashrnd }) => [`chain ${chain} prio ${pref} handle 0x${handle.toString(16)}`, hashrnd]);
}
