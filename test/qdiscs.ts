import { createHash } from 'node:crypto';
import { KernelError, UsageError } from '../src/errors.ts';
import { Printer, Words } from '../src/lang/index.ts';
import { AttrReader, AttrWriter, TC_H } from '../src/netlink/index.ts';
import { PLAIN, type Show } from '../src/sched/notation.ts';
import type { ClassPlace, QdiscKind, QdiscPlace } from '../src/sched/qdisc/index.ts';
import { findQdisc } from '../src/sched/qdisc/index.ts';

/** The root of an Ethernet device with four transmit queues, and the hook of what comes in. */
export const ROOT: QdiscPlace = {
  device: { mtu: 1500, headerLength: 14, txqlen: 1000, txQueues: 4 },
  handle: 0x10000,
  parent: TC_H.ROOT,
};
export const HOOK: QdiscPlace = { ...ROOT, parent: TC_H.INGRESS };

export function kindOf(name: string): QdiscKind {
  const kind = findQdisc(name);
  if (kind === null) throw new Error(`no qdisc ${name}`);
  return kind;
}

export function wordsOf(line: string): Words {
  return new Words(line === '' ? [] : line.split(' '));
}

/** Bytes in hex; long ones (rate tables) as their number and SHA-1. */
export function fact(bytes: Uint8Array): string {
  if (bytes.length <= 160) return Buffer.from(bytes).toString('hex');
  return `${bytes.length} ${createHash('sha1').update(bytes).digest('hex')}`;
}

export function written(body: (w: AttrWriter) => void): Uint8Array {
  const w = new AttrWriter();
  body(w);
  return w.done();
}

/** Payload of the TCA_OPTIONS in these bytes; null: there are none. */
export function payloadOf(attributes: Uint8Array): Uint8Array | null {
  const r = new AttrReader(attributes);
  return r.next() ? r.payload().slice() : null;
}

/** TCA_OPTIONS that `tc qdisc add … KIND LINE` sends. */
export function spoken(kind: string, line: string): Uint8Array {
  return written((w) => kindOf(kind).speak(wordsOf(line), w));
}

/** TCA_OPTIONS that `tc class add … KIND LINE` sends. */
export function spokenClass(kind: string, line: string): Uint8Array {
  const { classes, bands } = kindOf(kind);
  return written((w) => (classes ?? bands?.change)?.speak(wordsOf(line), w));
}

/** What tc says instead, and its exit status. */
export function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof UsageError) return `${error.exit}: ${error.message}`;
    throw error;
  }
  return 'accepted';
}

/** What the kernel answers instead: errno and extack. */
export function answer(run: () => unknown): readonly [number, string] | 'accepted' {
  try {
    run();
  } catch (error) {
    if (error instanceof KernelError) return [error.errno, error.extack];
    throw error;
  }
  return 'accepted';
}

/** Settings of a new qdisc from tc's words. */
export function settled(kind: string, line: string, place = ROOT): unknown {
  return kindOf(kind).settle(null, payloadOf(spoken(kind, line)), place);
}

/** Where a class 1:1 right under the qdisc is being made. */
export function classPlace(kind: string): ClassPlace {
  const above = kindOf(kind).classes?.root ?? null;
  const qdisc = settled(kind, kind === 'ets' ? 'bands 3' : '');
  return { ...ROOT, qdisc, classid: 0x10001, parent: 0x10000, above, depth: 0, othersWeigh: 0 };
}

/** Words → bytes → settings → dump → what `tc qdisc show` prints of it. */
export function shown(kind: string, line: string, show: Partial<Show> = {}, place = ROOT): string {
  const dump = written((w) => kindOf(kind).dump(settled(kind, line, place), w));
  const out = new Printer();
  kindOf(kind).print(payloadOf(dump), out, { ...PLAIN, ...show });
  return out.toString();
}

/** The same of a class. */
export function shownClass(kind: string, line: string, show: Partial<Show> = {}): string {
  const { classes } = kindOf(kind);
  if (classes === null) throw new Error(`${kind} has no classes`);
  const settings = classes.settle(null, payloadOf(spokenClass(kind, line)), classPlace(kind));
  const dump = written((w) => classes.dump(settings, w, { depth: 0, leaf: true, height: 0 }));
  const out = new Printer();
  classes.print(payloadOf(dump), out, { ...PLAIN, ...show });
  return out.toString();
}

/** The qdisc's options as JSON. */
export function shownJson(kind: string, line: string, show: Partial<Show> = {}): unknown {
  const dump = written((w) => kindOf(kind).dump(settled(kind, line), w));
  const out = new Printer('json');
  out.open('{');
  kindOf(kind).print(payloadOf(dump), out, { ...PLAIN, ...show });
  out.close();
  return JSON.parse(out.toString());
}
