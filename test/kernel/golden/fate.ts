import type { Era } from '../../../src/era.ts';
import { classidText } from '../../../src/u32.ts';
import { type Call, calls, deep } from '../calls.ts';
import type { Random } from '../diff/random.ts';
import type { Event } from '../note-reader.ts';
import type { Scene, SceneTrace } from '../trace.ts';
import { secretWords } from './classify.ts';
import { DEVICES, LINKS } from './devices.ts';
import { type Family, json, lines, pcap } from './files.ts';
import { Reading } from './journey.ts';
import { plainFrame, randomTree, type Tree } from './trees.ts';
import type { SecretKeys, WatchedCases } from './watched.ts';

const FRAMES = 60;
/** All trees were recorded on one boot. */
const BOOT = 'A';

/** fate/: packets on their way through trees, every list, filter and qdisc on the way watched. */
export class FateCases implements WatchedCases {
  readonly scenes: readonly Scene[];
  private readonly frames: readonly Buffer[];
  private readonly trees: readonly Tree[];

  constructor(r: Random, count: number) {
    this.frames = Array.from({ length: FRAMES }, () => plainFrame(r));
    this.trees = Array.from({ length: count }, (_, i) => randomTree(r, i + 1, FRAMES));
    this.scenes = this.trees.map(({ device, commands, packets }) => ({
      links: LINKS,
      commands,
      steps: packets.map(({ frame, ...rest }) => ({ ...rest, device, frame: this.frames[frame] ?? Buffer.alloc(0) })),
      after: [device, 'ifb0'].flatMap((name) => [`-s qdisc show dev ${name}`, `-s class show dev ${name}`]),
    }));
  }

  families(_: Era, scenes: readonly SceneTrace[], keys: SecretKeys): Family[] {
    const trees = this.trees.map((tree, i) => ({ tree, seen: scenes[i] ?? { said: '', after: '', steps: [] } }));
    const computed = 'trees.jsonl: the labels "by", "bucketBy" and "how", which put into words what the calls show';
    const files = {
      'packets.pcap': pcap(this.frames.map((bytes) => ({ bytes }))),
      'packets.jsonl': lines(this.packets(trees)),
      'secrets.json': json({ [BOOT]: secretWords(keys) }),
      'trees.jsonl': lines(trees.map(treeRow)),
    };
    return [{ name: 'fate', computed, files }];
  }

  /** How the kernel saw each frame at either end, where a list was asked about it; that is alike in all trees. */
  private packets(trees: readonly Planted[]): object[] {
    const seen = { d0: new Map<number, object>(), lo: new Map<number, object>() };
    for (const { tree, seen: of } of trees) {
      for (const [at, { frame }] of tree.packets.entries()) {
        const context = firstList(of, at)?.packet?.context;
        if (context === undefined) continue;
        const { protocol, len, networkOffset } = context;
        seen[tree.device].set(frame, { protocol, len, networkOffset });
      }
    }
    const list = (one: object | undefined): object[] | null => (one === undefined ? null : [one]);
    return this.frames.map((_, packet) => ({
      packet,
      frame: packet + 1,
      name: `plain-${packet}`,
      egress: list(seen.d0.get(packet)),
      ingress: list(seen.lo.get(packet)),
    }));
  }
}

interface Planted {
  readonly tree: Tree;
  readonly seen: SceneTrace;
}

const firstList = ({ steps }: SceneTrace, at: number): Event | null =>
  steps[at]?.events.find(({ what }) => what === 'list') ?? null;

function treeRow({ tree, seen }: Planted): object {
  const { id, device, commands, packets } = tree;
  const sent = seen.steps.map(({ events }) => calls(events));
  const context = seen.steps.map((_, at) => firstList(seen, at)?.packet?.context).find((each) => each !== undefined);
  return {
    id,
    tag: 'random',
    origin: 'random',
    device: { name: device, ifindex: DEVICES[device] },
    commands,
    setupErrors: seen.said,
    boot: BOOT,
    foldSk: context?.foldSk ?? 0,
    foldDst: context?.foldDst ?? 0,
    hashrnd: Object.fromEntries(sent.flatMap((each) => deep(each, 'list').flatMap(seeds))),
    sendErrors: seen.steps.flatMap(({ errno }, at) => (errno === 0 ? [] : [[at, errno]])),
    counters: seen.after,
    counterCheck: counterCheck(seen.after, deep(sent.flat(), 'enqueue')),
    packets: packets.map(({ frame, mark, priority }, at) => {
      const [first] = sent[at] ?? [];
      if (first === undefined) throw new Error(`${id}: packet ${at} was not sent`);
      return { packet: frame, mark, priority, ...new Reading(mark, priority).journey(first, device) };
    }),
  };
}

/** The seeds of the flow filters that a list asked. */
function seeds({ enter, inner }: Call): [string, number][] {
  return inner
    .filter(({ what, leave }) => what === 'filter' && leave.kind === 'flow')
    .flatMap(({ leave: { chain, pref, flow } }) =>
      flow.map(({ handle, hashrnd }): [string, number] => [
        `at ${classidText(enter.handle)} chain ${chain} pref ${pref} handle 0x${handle.toString(16)}`,
        hashrnd,
      ]),
    );
}

/** The kernel's own counters beside the calls: what each qdisc and each leaf class took, sent by now or not. */
function counterCheck(counters: string, taken: readonly Call[]): string {
  const count = (of: 'handle' | 'parent', classid: string): number =>
    taken.filter(({ enter, leave }) => leave.gave === 0 && classidText(enter[of]) === classid).length;
  const wrong = [...counters.matchAll(COUNTER)].filter(([, what, kind = '', classid = '', sent, held]) => {
    if (kind === 'ingress' || kind === 'clsact' || classid === '0:') return false;
    const seen = count(what === 'qdisc' ? 'handle' : 'parent', classid);
    const isInner = what === 'class' && seen === 0;
    return !isInner && seen !== Number(sent) + Number(held);
  });
  return wrong.length === 0 ? 'agree' : wrong.map(([text]) => text).join('\n');
}

const COUNTER = /^(qdisc|class) (\S+) (\S+) .*\n Sent \d+ bytes (\d+) pkt .*\n backlog \S+ (\d+)p/gm;
