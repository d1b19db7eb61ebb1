import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { BpfWriter } from './bpf.ts';
import { Btf } from './btf.ts';
import type { RunningKernel } from './harness.ts';

/** The three maps of the watching program, and where things lie in their entries. All are shared with the sender. */
export const Maps = { CONTROL: 0, VISITS: 1, PACKETS: 2 } as const;
export const Control = {
  frame: 0,
  visits: 8,
  seen: 16,
  rxhashAddress: 24,
  foldAddress: 32,
  rxhashKey: 40,
  foldKey: 56,
  size: 72,
} as const;
export const Visit = {
  frame: 0,
  pref: 4,
  classid: 8,
  verdict: 12,
  hashrnd: 16,
  chain: 20,
  filter: 24,
  size: 32,
} as const;

const FEATURES_BYTES = 8;

/** struct sk_buff as it is, then the features of its device. */
export function packetSize(btf: Btf): number {
  return Math.ceil(btf.sizeOf('sk_buff') / 8) * 8 + FEATURES_BYTES;
}

/**
 * A program that runs at every return of flow_classify(). While Control.frame says that a frame is under way, it
 * notes each visit: verdict and class of a classifier's answer, and the seed of its first filter. At a frame's first
 * visit it also takes the packet's sk_buff, and the two secret keys.
 */
export function watchProgram(btf: Btf): Buffer {
  const [context, control, entry, proto] = [6, 7, 8, 9];
  const argument = { skb: 0, tp: 8, res: 16, result: 24 };
  const skbSize = packetSize(btf) - FEATURES_BYTES;
  const key = 8;
  const w = new BpfWriter();
  w.move(context, 1).set(1, 0).store(4, 10, -key, 1);
  w.lookup(Maps.CONTROL, key).jumpIfZero(0, 'out').move(control, 0);
  w.load(8, 1, control, Control.frame).jumpIfZero(1, 'out');

  w.load(8, 1, control, Control.visits).store(4, 10, -key, 1);
  w.lookup(Maps.VISITS, key).jumpIfZero(0, 'out').move(entry, 0);
  w.load(8, 1, control, Control.visits).add(1, 1).store(8, control, Control.visits, 1);
  w.load(8, 1, control, Control.frame).store(4, entry, Visit.frame, 1);
  w.load(8, proto, context, argument.tp);
  w.load(4, 1, proto, btf.offset('tcf_proto', 'prio')).store(4, entry, Visit.pref, 1);
  w.load(8, 1, proto, btf.offset('tcf_proto', 'chain'));
  w.load(4, 1, 1, btf.offset('tcf_chain', 'index')).store(4, entry, Visit.chain, 1);
  w.load(8, 1, context, argument.res);
  w.load(4, 1, 1, btf.offset('tcf_result', 'classid')).store(4, entry, Visit.classid, 1);
  w.load(8, 1, context, argument.result).store(4, entry, Visit.verdict, 1);
  w.load(8, 1, proto, btf.offset('tcf_proto', 'root')).copy(
    entry,
    Visit.filter,
    8,
    1,
    btf.offset('flow_head', 'filters'),
  );
  w.load(8, 1, entry, Visit.filter);
  w.copy(entry, Visit.hashrnd, 4, 1, btf.offset('flow_filter', 'hashrnd') - btf.offset('flow_filter', 'list'));

  w.load(8, 1, control, Control.frame).load(8, 2, control, Control.seen).jumpIfEqual(1, 2, 'out');
  w.store(8, control, Control.seen, 1).store(4, 10, -key, 1);
  w.load(8, 1, control, Control.rxhashAddress).copy(control, Control.rxhashKey, 16, 1);
  w.load(8, 1, control, Control.foldAddress).copy(control, Control.foldKey, 16, 1);
  w.lookup(Maps.PACKETS, key).jumpIfZero(0, 'out').move(entry, 0);
  w.load(8, 1, context, argument.skb).copy(entry, 0, skbSize, 1);
  w.load(8, 1, context, argument.skb).load(8, 1, 1, btf.offset('sk_buff', 'dev'));
  w.load(8, 1, 1, btf.offset('net_device', 'features')).store(8, entry, skbSize, 1);
  return w.label('out').exit().done();
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
