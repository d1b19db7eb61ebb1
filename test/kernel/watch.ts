import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { SipKey } from '../../src/hash/index.ts';
import { BpfWriter } from './bpf.ts';
import { Btf } from './btf.ts';
import type { RunningKernel } from './harness.ts';
import { GUEST } from './root.ts';

/** The maps of the watching programs, and where things lie in their entries. All are shared with the sender. */
export const Maps = { CONTROL: 0, VISITS: 1, PACKETS: 2, ANSWERS: 3 } as const;
export const Control = {
  frame: 0,
  visits: 8,
  seen: 16,
  answered: 24,
  rxhashAddress: 32,
  foldAddress: 40,
  rxhashKey: 48,
  foldKey: 64,
  size: 80,
} as const;
/** What flow_classify() said; then handle and seed of the classifier's first filters. */
export const Visit = { frame: 0, pref: 4, classid: 8, verdict: 12, chain: 16, seeds: 20 } as const;
const Seed = { handle: 0, hashrnd: 4, size: 8 } as const;
/** What tcf_classify() said in the end; then the packet as it was left, and the beginning of its bytes. */
export const Answer = { verdict: 0, classid: 4, time: 8, packet: 16 } as const;

const FEATURES_BYTES = 8;
/** Bytes of a packet that are brought back, from its MAC header on. */
export const LEFT_BYTES = 256;

const eights = (size: number): number => Math.ceil(size / 8) * 8;

/** struct sk_buff as it is, then the features of its device. */
export function packetSize(btf: Btf): number {
  return eights(btf.sizeOf('sk_buff')) + FEATURES_BYTES;
}

/** `filters`: of how many filters of a classifier the seeds are noted. */
export function visitSize(filters: number): number {
  return eights(Visit.seeds + filters * Seed.size);
}

export function answerSize(btf: Btf): number {
  return Answer.packet + packetSize(btf) + LEFT_BYTES;
}

/** Registers that keep their value over calls. */
const [CONTEXT, CONTROL, ENTRY, PROTO] = [6, 7, 8, 9];
/** Under the stack's top: the number of a map's entry, and a list's next filter. */
const KEY = 8;
const NEXT = 16;

const FLOW_CLASSIFY = { skb: 0, tp: 8, res: 16, result: 24 };
const TCF_CLASSIFY = { skb: 0, res: 24, result: 40 };

/** While Control.frame says that a frame is under way; without one the program jumps to `out`. */
function whileUnderWay(): BpfWriter {
  const w = new BpfWriter();
  w.move(CONTEXT, 1).set(1, 0).store(4, 10, -KEY, 1);
  w.lookup(Maps.CONTROL, KEY).jumpIfZero(0, 'out').move(CONTROL, 0);
  return w.load(8, 1, CONTROL, Control.frame).jumpIfZero(1, 'out');
}

/** Copies the packet, and its device's features, to `at` in the entry. */
function copyPacket(w: BpfWriter, btf: Btf, skb: number, at: number): void {
  const size = packetSize(btf) - FEATURES_BYTES;
  w.load(8, 1, CONTEXT, skb).copy(ENTRY, at, size, 1);
  w.load(8, 1, CONTEXT, skb).load(8, 1, 1, btf.offset('sk_buff', 'dev'));
  w.load(8, 1, 1, btf.offset('net_device', 'features')).store(8, ENTRY, at + size, 1);
}

/** Takes the packet and the two secret keys, once for each frame. */
function takeOnce(w: BpfWriter, btf: Btf, skb: number): void {
  w.load(8, 1, CONTROL, Control.frame).load(8, 2, CONTROL, Control.seen).jumpIfEqual(1, 2, 'out');
  w.store(8, CONTROL, Control.seen, 1).store(4, 10, -KEY, 1);
  w.load(8, 1, CONTROL, Control.rxhashAddress).copy(CONTROL, Control.rxhashKey, 16, 1);
  w.load(8, 1, CONTROL, Control.foldAddress).copy(CONTROL, Control.foldKey, 16, 1);
  w.lookup(Maps.PACKETS, KEY).jumpIfZero(0, 'out').move(ENTRY, 0);
  copyPacket(w, btf, skb, 0);
}

/**
 * Runs at every return of flow_classify() and notes each visit: verdict and class of a classifier's answer, handles and
 * seeds of its first `filters` filters. At a frame's first visit it also takes the packet, unless that is taken already.
 */
export function visitProgram(btf: Btf, filters = 1): Buffer {
  const w = whileUnderWay();
  w.load(8, 1, CONTROL, Control.visits).store(4, 10, -KEY, 1);
  w.lookup(Maps.VISITS, KEY).jumpIfZero(0, 'out').move(ENTRY, 0);
  w.load(8, 1, CONTROL, Control.visits).add(1, 1).store(8, CONTROL, Control.visits, 1);
  w.load(8, 1, CONTROL, Control.frame).store(4, ENTRY, Visit.frame, 1);
  w.load(8, PROTO, CONTEXT, FLOW_CLASSIFY.tp);
  w.load(4, 1, PROTO, btf.offset('tcf_proto', 'prio')).store(4, ENTRY, Visit.pref, 1);
  w.load(8, 1, PROTO, btf.offset('tcf_proto', 'chain'));
  w.load(4, 1, 1, btf.offset('tcf_chain', 'index')).store(4, ENTRY, Visit.chain, 1);
  w.load(8, 1, CONTEXT, FLOW_CLASSIFY.res);
  w.load(4, 1, 1, btf.offset('tcf_result', 'classid')).store(4, ENTRY, Visit.classid, 1);
  w.load(8, 1, CONTEXT, FLOW_CLASSIFY.result).store(4, ENTRY, Visit.verdict, 1);
  w.load(8, 1, PROTO, btf.offset('tcf_proto', 'root')).add(1, btf.offset('flow_head', 'filters')).move(PROTO, 1);
  w.store(8, 10, -NEXT, PROTO);
  const from = (member: string): number => btf.offset('flow_filter', member) - btf.offset('flow_filter', 'list');
  for (let i = 0; i < filters; i++) {
    w.load(8, 1, 10, -NEXT).copy(10, -NEXT, 8, 1);
    w.load(8, 1, 10, -NEXT).jumpIfEqual(1, PROTO, 'listed');
    w.copy(ENTRY, Visit.seeds + i * Seed.size + Seed.handle, 4, 1, from('handle'));
    w.load(8, 1, 10, -NEXT).copy(ENTRY, Visit.seeds + i * Seed.size + Seed.hashrnd, 4, 1, from('hashrnd'));
  }
  w.label('listed');
  takeOnce(w, btf, FLOW_CLASSIFY.skb);
  return w.label('out').exit().done();
}

/** Runs at every call of tcf_classify(): takes the packet before any filter has changed it. */
export function arrivalProgram(btf: Btf): Buffer {
  const w = whileUnderWay();
  takeOnce(w, btf, TCF_CLASSIFY.skb);
  return w.label('out').exit().done();
}

/** Runs at every return of tcf_classify(): notes its answer and what the packet has become. The frame is over then. */
export function answerProgram(btf: Btf): Buffer {
  const left = Answer.packet + packetSize(btf);
  const w = whileUnderWay();
  w.store(4, 10, -KEY, 1).lookup(Maps.ANSWERS, KEY).jumpIfZero(0, 'out').move(ENTRY, 0);
  w.load(8, 1, CONTEXT, TCF_CLASSIFY.result).store(4, ENTRY, Answer.verdict, 1);
  w.load(8, 1, CONTEXT, TCF_CLASSIFY.res);
  w.load(4, 1, 1, btf.offset('tcf_result', 'classid')).store(4, ENTRY, Answer.classid, 1);
  w.time().store(8, ENTRY, Answer.time, 0);
  copyPacket(w, btf, TCF_CLASSIFY.skb, Answer.packet);
  w.load(8, 1, CONTEXT, TCF_CLASSIFY.skb).load(8, 2, 1, btf.offset('sk_buff', 'head'));
  w.load(2, 1, 1, btf.offset('sk_buff', 'mac_header')).addRegister(1, 2).copy(ENTRY, left, LEFT_BYTES, 1);
  w.load(8, 1, CONTROL, Control.frame).store(8, CONTROL, Control.answered, 1);
  w.set(1, 0).store(8, CONTROL, Control.frame, 1);
  return w.label('out').exit().done();
}

/** A program, and where it is attached: the function's number, in a module ('': in the kernel itself). */
export interface Attached {
  readonly program: Buffer;
  readonly module: string;
  readonly function: number;
  readonly entry: boolean;
}

export function visits(btf: Btf, filters = 1): Attached {
  const program = visitProgram(btf, filters);
  return { program, module: 'cls_flow', function: btf.functionId('flow_classify'), entry: false };
}

/** The two around the whole of a packet's classification. */
export function around(btf: Btf): Attached[] {
  const at = { module: '', function: btf.functionId('tcf_classify') };
  return [
    { ...at, program: arrivalProgram(btf), entry: true },
    { ...at, program: answerProgram(btf), entry: false },
  ];
}

/** Entries of the maps of packets and visits, and of answers where those are wanted. */
export interface Room {
  readonly visits: number;
  readonly packets: number;
  readonly answers?: number;
}

/** What watch.py takes: its part of plan.json, and the files that go with it. */
export function watchPlan(btf: Btf, programs: readonly Attached[], room: Room, filters = 1) {
  const named = programs.map(({ program, ...where }, i) => ({ ...where, file: `program${i}`, program }));
  const maps: [string, number, number][] = [
    ['control', Control.size, 1],
    ['visits', visitSize(filters), room.visits],
    ['packets', packetSize(btf), room.packets],
  ];
  if (room.answers !== undefined) maps.push(['answers', answerSize(btf), room.answers]);
  return {
    plan: { maps, control: Control, programs: named.map(({ program: _, ...where }) => where) },
    files: {
      'bpf.py': guestScript('bpf.py'),
      'watch.py': guestScript('watch.py'),
      ...Object.fromEntries(named.map(({ file, program }) => [file, program])),
    },
  };
}

export const guestScript = (name: string): string => readFileSync(path.join(GUEST, name), 'utf8');

/** The entries of a map, each by itself. */
export function entries(map: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.floor(map.length / size) }, (_, i) => map.subarray(i * size, (i + 1) * size));
}

/** Handle and seed of the `number`-th filter of the classifier that was visited; handle 0: it has no such filter. */
export function seedAt(visit: Buffer, number = 0): { readonly handle: number; readonly hashrnd: number } {
  const at = Visit.seeds + number * Seed.size;
  return { handle: visit.readUInt32LE(at + Seed.handle), hashrnd: visit.readUInt32LE(at + Seed.hashrnd) };
}

export function sipKeyAt(bytes: Buffer, at: number): SipKey {
  const [k0lo = 0, k0hi = 0, k1lo = 0, k1hi = 0] = [0, 4, 8, 12].map((more) => bytes.readInt32LE(at + more));
  return { k0lo, k0hi, k1lo, k1hi };
}

/** The types of the kernel and of cls_flow; a build's never change, so they are asked for once and kept beside it. */
export async function readBtf(k: RunningKernel): Promise<Btf> {
  const kept = path.join(k.about.root, 'btf');
  if (!existsSync(path.join(kept, 'cls_flow'))) {
    const job = await k.run('cat /sys/kernel/btf/vmlinux > vmlinux && cat /sys/kernel/btf/cls_flow > cls_flow');
    mkdirSync(kept, { recursive: true });
    for (const name of ['vmlinux', 'cls_flow']) writeFileSync(path.join(kept, name), job.file(name));
  }
  return new Btf(readFileSync(path.join(kept, 'cls_flow')), new Btf(readFileSync(path.join(kept, 'vmlinux'))));
}
