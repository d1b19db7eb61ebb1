import { Frame } from '../../../src/capture/index.ts';
import { UsageError } from '../../../src/errors.ts';
import { counted, getClassid } from '../../../src/lang/index.ts';
import { describeFrame } from '../../../src/packet/index.ts';
import { Mode } from '../../../src/sched/flow/index.ts';
import type { Sample } from '../../../src/study/index.ts';
import { tcMajor, tcMinor } from '../../../src/u32.ts';
import { caretInValue } from '../caret.ts';
import type { RecoverFlags } from '../commands/recover-seed.ts';
import { CommandLineError, FailedError, inOption } from '../errors.ts';
import { type Limits, limitsOf } from '../limits.ts';
import { readText } from '../named-file.ts';
import { createRun, readWalk } from '../options.ts';
import { classCounters, risen } from './counters.ts';

/** What was observed of one filter. */
export interface Example {
  readonly name: string;
  /** Buckets: classes from the base class on. */
  readonly divisor: number;
  readonly samples: readonly Sample[];
}

/** More would wrap around in the minor number of a class. */
const DIVISOR_MAX = 65536;
const ETHERNET = 1;

/** A file of examples: a JSON list, or one of them. */
export function fileExamples(file: string, limits: Limits): Example[] {
  const text = readText(file, limits);
  const wrong = (why: string): FailedError => new FailedError(`${file}: ${why}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw wrong((error as Error).message);
  }
  return [value].flat().map((one, index) => example(one, (why) => wrong(`example ${index + 1}: ${why}`)));
}

function example(value: unknown, wrong: (why: string) => Error): Example {
  const { name, divisor, baseclass = '1:1', observed } = (value ?? {}) as Record<string, unknown>;
  const base = typeof baseclass === 'string' ? getClassid(baseclass) : undefined;
  if (base === undefined) throw wrong('"baseclass": a class id expected');
  if (!isCount(divisor, DIVISOR_MAX)) throw wrong(`"divisor": a number from 0 to ${DIVISOR_MAX} expected`);
  if (!Array.isArray(observed) || observed.length === 0) throw wrong('"observed": a list of pairs expected');
  const samples = observed.map((pair: unknown, index): Sample => {
    const { keyValues, class: id } = (pair ?? {}) as Record<string, unknown>;
    if (!Array.isArray(keyValues) || keyValues.length === 0 || !keyValues.every((key) => isCount(key, 0xffffffff))) {
      throw wrong(`pair ${index + 1}: "keyValues": a list of 32-bit numbers expected`);
    }
    const classid = typeof id === 'string' ? getClassid(id) : undefined;
    const bucket = classid === undefined ? null : bucketOf(classid, base, divisor);
    if (bucket === null) throw wrong(`pair ${index + 1}: "class": a class of this filter expected`);
    return { keys: Int32Array.from(keyValues, (key: number) => key | 0), bucket };
  });
  return { name: typeof name === 'string' ? name : '', divisor: divisor || DIVISOR_MAX, samples };
}

const isCount = (value: unknown, most: number): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most;

/** net/sched/cls_flow.c: flow_classify(), backwards; null: the filter has no such class. */
function bucketOf(classid: number, baseclass: number, divisor: number): number | null {
  const bucket = (tcMinor(classid) - tcMinor(baseclass)) & 0xffff;
  return tcMajor(classid) === tcMajor(baseclass) && (divisor === 0 || bucket < divisor) ? bucket : null;
}

/** What --filter, --pair, --before, --after and --probe tell. */
export function typedExample(flags: RecoverFlags): Example {
  const { filter: spec, pair = [], before = [], after = [], probe = [] } = flags;
  if (spec === undefined) throw new CommandLineError('no filter given', null, "add --filter 'hash keys … divisor …'");
  if (before.length !== probe.length || after.length !== probe.length) {
    throw new CommandLineError('--before, --after and --probe: one of each for every probe');
  }
  const reader = new PairReader(spec, limitsOf(flags));
  const dumps = probe.map((packet, i) =>
    reader.sample('--probe', packet, reader.between(before[i] ?? '', after[i] ?? '')),
  );
  return {
    name: spec,
    divisor: reader.divisor || DIVISOR_MAX,
    samples: [...pair.map((text) => reader.pair(text)), ...dumps],
  };
}

/** Reads pairs as the keys and the base class of a filter want them. */
class PairReader {
  readonly divisor: number;
  private readonly run;
  private readonly at;
  private readonly limits: Limits;

  constructor(spec: string, limits: Limits) {
    this.limits = limits;
    this.run = createRun(readWalk({ filter: [spec], at: 'egress', vlan: 'offload', era: '6.1' }, false).options);
    const [at] = this.run.filters;
    if (at === undefined || at.filter.mode !== Mode.HASH) {
      throw new CommandLineError('--filter: only hash mode has a seed', caretInValue('--filter', spec, -1));
    }
    this.at = at;
    this.divisor = at.filter.divisor;
    if (this.divisor > DIVISOR_MAX) {
      throw new CommandLineError(`--filter: divisor above ${DIVISOR_MAX}`, caretInValue('--filter', spec, -1));
    }
  }

  /** `WHAT=CLASS` */
  pair(text: string): Sample {
    const at = text.lastIndexOf('=');
    const classid = getClassid(text.slice(at + 1));
    if (at < 0 || classid === undefined) {
      throw new CommandLineError(
        '--pair: expected PACKET=CLASS',
        caretInValue('--pair', text, -1),
        "example: --pair '192.168.0.1>8.8.8.8=1:6b'",
      );
    }
    return this.sample('--pair', text.slice(0, at), classid);
  }

  sample(option: string, packet: string, classid: number): Sample {
    // A class without a major, as `:6b`, is the filter's.
    const { baseclass } = this.at.filter;
    const whole = tcMajor(classid) === 0 ? (baseclass & 0xffff0000) | classid : classid;
    const bucket = bucketOf(whole, baseclass, this.divisor);
    if (bucket === null) {
      throw new CommandLineError(`${option}: the filter has no such class`, caretInValue(option, packet, -1));
    }
    return { keys: this.keys(option, packet), bucket };
  }

  private keys(option: string, packet: string): Int32Array {
    const { filter, classifier } = this.at;
    if (/^\s*0x/i.test(packet)) {
      const values = packet
        .split(',')
        .map((value) => (/^\s*0x[0-9a-f]{1,8}\s*$/i.test(value) ? Number(value) : Number.NaN));
      if (values.length !== filter.nkeys || values.some(Number.isNaN)) {
        const expected = `${filter.nkeys} key value${filter.nkeys === 1 ? '' : 's'} 0xHEX`;
        throw new CommandLineError(
          `${option}: expected ${expected}, lowest key first`,
          caretInValue(option, packet, -1),
        );
      }
      return Int32Array.from(values, (value) => value | 0);
    }
    this.run.prepare(frameOf(option, packet));
    return classifier.readKeys(filter, this.run.packet).slice(0, filter.nkeys);
  }

  /** The one class that counted a packet. */
  between(before: string, after: string): number {
    const [first, second] = [before, after].map((file) => {
      const counters = classCounters(readText(file, this.limits));
      if (counters === null) throw new FailedError(`${file}: expected what tc -s class show prints`);
      return counters;
    });
    const rose = risen(first ?? new Map(), second ?? new Map());
    const [only] = rose;
    if (only !== undefined && rose.length === 1) return only;
    const why = rose.length === 0 ? 'no class counted a packet' : `${counted(rose.length, 'class')} counted packets`;
    throw new FailedError(`${after}: ${why} since ${before}: one probe and nothing else expected`);
  }
}

/** `tcp A:1 > B:2`, or `A>B` where only addresses matter. */
function frameOf(option: string, text: string): Frame {
  const words = text.replace(/\s*>\s*/, ' > ').trim();
  const frame = new Frame();
  try {
    frame.data = describeFrame(/^\S+ > /.test(words) ? `udp ${words}` : words);
  } catch (error) {
    throw error instanceof UsageError ? inOption(option, text, error) : error;
  }
  frame.end = frame.length = frame.data.length;
  frame.linkType = ETHERNET;
  return frame;
}
