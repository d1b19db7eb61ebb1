import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Era } from '../../src/era.ts';
import type { SipKey } from '../../src/hash/index.ts';
import { Btf } from './btf.ts';
import type { RunningKernel } from './harness.ts';
import { Note, placesOf, type What } from './note.ts';
import { type Event, NoteReader } from './note-reader.ts';
import { NoteWriter } from './note-writer.ts';
import { GUEST } from './root.ts';
import { Control, readBtf, sipKeyAt } from './watch.ts';

/** All kinds that scenes have, and what their functions' names begin with. */
const CLASSIFIERS = { u32: 'u32', fw: 'fw', matchall: 'mall', basic: 'basic', flow: 'flow' } as const;
const QDISCS = ['htb', 'hfsc', 'drr', 'qfq', 'prio', 'ets_qdisc', 'sfq', 'tbf', 'red'];
/** Part of the kernel itself. */
const BUILT_IN = ['pfifo', 'bfifo', 'fq_codel'];

/** A function and what is noted of it, on the way in and on the way out. */
interface Watched {
  readonly module: string;
  readonly name: string;
  readonly arguments: number;
  readonly enter: What | null;
  readonly leave: What;
}

const WATCHED: readonly Watched[] = [
  { module: 'vmlinux', name: '__dev_queue_xmit', arguments: 2, enter: 'xmit', leave: 'xmit end' },
  { module: 'vmlinux', name: 'tcf_classify', arguments: 5, enter: 'list', leave: 'list end' },
  ...Object.entries(CLASSIFIERS).map(([kind, name]) => ({
    module: `cls_${kind}`,
    name: `${name}_classify`,
    arguments: 3,
    enter: null,
    leave: 'filter' as const,
  })),
  ...[...QDISCS, ...BUILT_IN].map((name) => ({
    module: BUILT_IN.includes(name) ? 'vmlinux' : `sch_${name.replace('_qdisc', '')}`,
    name: `${name}_enqueue`,
    arguments: 3,
    enter: 'enqueue' as const,
    leave: 'enqueue end' as const,
  })),
];

/** A frame to be sent on a device by a packet socket, or a shell command. */
export type TraceStep =
  | { readonly frame: Uint8Array; readonly device: string; readonly mark: number; readonly priority: number }
  | { readonly run: string };

/** A network namespace of its own, what is set up there, and what then happens in it. */
export interface Scene {
  /** For `ip -batch -`; all must succeed. */
  readonly links: readonly string[];
  /** For `tc -force -batch -`. */
  readonly commands: readonly string[];
  readonly steps: readonly TraceStep[];
  /** For `tc -batch -`; what it prints is brought back. */
  readonly after: readonly string[];
}

export interface SceneTrace {
  /** What tc said of the commands. */
  readonly said: string;
  readonly after: string;
  /** errno: with which sending failed, or 0; a command's exit code. */
  readonly steps: readonly { readonly errno: number; readonly events: readonly Event[] }[];
}

export interface Trace {
  readonly scenes: readonly SceneTrace[];
  readonly rxhashKey: SipKey;
  readonly foldKey: SipKey;
}

const MAX_EVENTS = 200_000;
const MAX_PACKETS = 8_000;
const SECONDS = 600;
const script = (name: string): string => readFileSync(path.join(GUEST, name), 'utf8');

/** Plays the scenes and brings back all that was noted of each step. `programs`: those of guest/ that they run. */
export async function trace(
  k: RunningKernel,
  era: Era,
  scenes: readonly Scene[],
  programs: readonly string[] = [],
): Promise<Trace> {
  const btf = await readBtf(k);
  const { attach, watching } = await attachments(k, btf);
  const plan = {
    scenes: scenes.map(({ steps, ...scene }) => ({
      ...scene,
      steps: steps.map((step) => ('run' in step ? step : { ...step, frame: Buffer.from(step.frame).toString('hex') })),
    })),
    attach,
    maps: [
      [Control.size, 1],
      [Note.size, MAX_EVENTS],
      [placesOf(btf).size, MAX_PACKETS],
    ],
    control: Control,
  };
  const scripts = Object.fromEntries(['bpf.py', ...programs].map((name) => [name, script(name)]));
  const files = { ...scripts, 'plan.json': JSON.stringify(plan), ...watching };
  const job = await k.run(script('trace.py'), files, SECONDS);
  if (job.exit !== 0) throw new Error(`trace.py ended with ${job.exit}: ${job.stderr}${job.stdout}`);
  const report = JSON.parse(job.file('report.json').toString('utf8')) as Report;
  const control = job.file('control');
  const foldKey = sipKeyAt(control, Control.foldKey);
  const notes = new NoteReader(btf, era, foldKey, job.file('packets'));
  const events = notes.byFrame(job.file('events'));
  let frame = 0;
  return {
    scenes: report.scenes.map(({ said, after, errnos }) => ({
      said,
      after,
      steps: errnos.map((errno) => ({ errno, events: events.get(++frame) ?? [] })),
    })),
    rxhashKey: sipKeyAt(control, Control.rxhashKey),
    foldKey,
  };
}

interface Report {
  readonly scenes: readonly { readonly said: string; readonly after: string; readonly errnos: readonly number[] }[];
}

interface Attachment {
  readonly module: string;
  readonly function: number;
  readonly entry: boolean;
  readonly program: string;
}

/** All programs, and the function that each is for. */
async function attachments(k: RunningKernel, btf: Btf) {
  const types = await readModules(k, [...new Set(WATCHED.map(({ module }) => module))]);
  const attach: Attachment[] = [];
  const watching: Record<string, Buffer> = {};
  for (const { module, name, arguments: count, enter, leave } of WATCHED) {
    for (const what of enter === null ? [leave] : [enter, leave]) {
      const program = `program${attach.length}`;
      watching[program] = new NoteWriter(btf).program(what, 8 * count);
      const id = types.get(module)?.functionId(name) ?? 0;
      attach.push({ module, function: id, entry: what !== leave, program });
    }
  }
  return { attach, watching };
}

/** The types of modules, each going on where the kernel's end; kept as those of cls_flow are. */
async function readModules(k: RunningKernel, modules: readonly string[]): Promise<ReadonlyMap<string, Btf>> {
  const kept = path.join(k.about.root, 'btf');
  const missing = modules.filter((name) => !existsSync(path.join(kept, name)));
  if (missing.length > 0) {
    const job = await k.run(missing.map((name) => `cat /sys/kernel/btf/${name} > ${name}`).join(' && '));
    if (job.exit !== 0) throw new Error(`no types of a module: ${job.stderr}`);
    mkdirSync(kept, { recursive: true });
    for (const name of missing) writeFileSync(path.join(kept, name), job.file(name));
  }
  const vmlinux = new Btf(readFileSync(path.join(kept, 'vmlinux')));
  return new Map(
    modules.map((name) => [name, name === 'vmlinux' ? vmlinux : new Btf(readFileSync(path.join(kept, name)), vmlinux)]),
  );
}
