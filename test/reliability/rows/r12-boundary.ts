import { createEnv, createPacket } from '../../../src/env.ts';
import { ERAS } from '../../../src/era.ts';
import { KernelError } from '../../../src/errors.ts';
import { encode } from '../../../src/netlink/index.ts';
import { FLOW, FlowClassifier, Key, keyMask, type Place, readFlowOptions } from '../../../src/sched/flow/index.ts';
import { type Model, NO_COMPILER, withModel } from '../model/model.ts';
import type { Found, Row, Scale, Trial } from '../row.ts';

const BOUNDS = [0, 1, 31, 32, 0xffff, 0x10000, 0x80000000, 0xffffffff] as const;
/** In the order of model.c. */
const ATTRIBUTES = ['keys', 'mode', 'baseclass', 'rshift', 'addend', 'mask', 'xor', 'divisor', 'perturb'] as const;
type Attribute = (typeof ATTRIBUTES)[number];
type Values = Partial<Record<Attribute, number>>;

const QDISC = 0x80010000;
/** Words of a row: which attributes are given, their values, qdisc, seed, and the values of keys. */
const KEYS = 18;
const ROW = 1 + ATTRIBUTES.length + 2 + KEYS;
/** Rows given to the model at once: 32 MB. */
const BATCH = 1 << 18;
const MOST_FAILURES = 20;

const MARK: Values = { keys: keyMask(Key.MARK) };
const HASH: Values = { keys: keyMask(Key.MARK) | keyMask(Key.PRIORITY), mode: 1 };

/** One filter, and the packet's mark. */
interface Case {
  readonly values: Values;
  readonly mark: number;
  readonly hashrnd: number;
}

/** All pairs of attributes at their bounds, on a filter of either mode. */
function* pairs(): Generator<Values> {
  for (const base of [MARK, HASH]) {
    for (const [at, one] of ATTRIBUTES.entries()) {
      for (const other of ATTRIBUTES.slice(at + 1)) {
        for (const a of BOUNDS) for (const b of BOUNDS) yield { ...base, [one]: a, [other]: b };
      }
    }
  }
}

/** The numbers of the map line and of the division, each with each: those that are not refused. */
function* product(): Generator<Values> {
  for (const mask of BOUNDS)
    for (const xor of BOUNDS)
      for (const rshift of BOUNDS.filter((bound) => bound < 32))
        for (const addend of BOUNDS)
          for (const divisor of BOUNDS)
            for (const baseclass of BOUNDS.filter((bound) => (bound & 0xffff) !== 0))
              yield { ...MARK, mask, xor, rshift, addend, divisor, baseclass };
}

/** Each with every mark. */
function* everyMark(all: Iterable<Values>): Generator<Case> {
  for (const values of all) for (const mark of BOUNDS) yield { values, mark, hashrnd: mark };
}

/** Each with one, in turns. */
function* someMark(all: Iterable<Values>): Generator<Case> {
  let at = 0;
  for (const values of all) {
    const mark = BOUNDS[at++ % BOUNDS.length] ?? 0;
    yield { values, mark, hashrnd: mark };
  }
}

function* whole(): Generator<Case> {
  yield* everyMark(pairs());
  yield* everyMark(product());
}

const CASES: Readonly<Record<Scale, () => Iterable<Case>>> = {
  ci: () => someMark(pairs()),
  night: whole,
  release: whole,
};

/** What came of a case: the errno of the change, or 0 and the class. */
interface Answer {
  readonly errno: number;
  readonly classid: number;
}

const env = createEnv({ era: ERAS['6.1'], seed: 1 });
const packet = createPacket(env);
const taken = { match: () => true, act: () => 0 } as const;
const place = (hashrnd: number): Place => ({
  ...{ env, qdisc: QDISC, sharedBlock: false, userNamespace: false, stream: 1, hashrnd },
  build: () => taken,
});

/** Through the bytes of a request, the rules of a change, and the classifier. `keys`: takes the values of the keys. */
function ours({ values, mark, hashrnd }: Case, keys: Uint32Array): Answer {
  const classifier = new FlowClassifier(env);
  packet.mark = mark | 0;
  packet.priority = ~mark;
  const result = { classid: 0, handle: 0 };
  try {
    const filter = classifier.change(1, readFlowOptions(encode(FLOW, values), env.era.rshiftChecked), place(hashrnd));
    keys.set(classifier.readKeys(filter, packet).subarray(0, keys.length));
    classifier.classify(packet, result);
    return { errno: 0, classid: result.classid >>> 0 };
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    return { errno: error.errno, classid: 0 };
  }
}

function writeRow({ values, hashrnd }: Case, row: Uint32Array): void {
  for (const [at, name] of ATTRIBUTES.entries()) {
    const value = values[name];
    if (value === undefined) continue;
    row[0] = (row[0] ?? 0) | (1 << at);
    row[1 + at] = value;
  }
  row[1 + ATTRIBUTES.length] = QDISC;
  row[2 + ATTRIBUTES.length] = hashrnd;
}

function compare(model: Model, cases: readonly Case[], failures: string[]): void {
  const rows = new Uint32Array(cases.length * ROW);
  const answers = cases.map((one, at) => {
    const row = rows.subarray(at * ROW, (at + 1) * ROW);
    writeRow(one, row);
    return ours(one, row.subarray(ROW - KEYS));
  });
  const output = model.run(['flow'], new Uint8Array(rows.buffer));
  const theirs = new Uint32Array(output.buffer, output.byteOffset, output.byteLength >> 2);
  for (const [at, { errno, classid }] of answers.entries()) {
    if (theirs[2 * at] === errno && theirs[2 * at + 1] === classid) continue;
    const text = `errno ${errno} class ${classid}, in C ${theirs[2 * at]} ${theirs[2 * at + 1]}`;
    if (failures.length < MOST_FAILURES) failures.push(`${JSON.stringify(cases[at])}: ${text}`);
  }
}

async function run({ scale, say }: Trial): Promise<Found> {
  const failures: string[] = [];
  let count = 0;
  const done = await withModel((model) => {
    let batch: Case[] = [];
    for (const one of CASES[scale]()) {
      if (batch.push(one) < BATCH) continue;
      compare(model, batch, failures);
      count += batch.length;
      batch = [];
      say(`${count} cases`);
    }
    compare(model, batch, failures);
    count += batch.length;
    return true;
  });
  if (done === null) return { figure: '', failures: [], skipped: NO_COMPILER };
  return {
    figure: `${count} filters and packets at ${BOUNDS.length} bounds, ${failures.length} differences`,
    failures,
  };
}

export const R12: Row = {
  id: 'R12',
  test: 'Attributes at 0, 1, 31, 32, 2^16-1, 2^16, 2^31, 2^32-1, against the change and the arithmetic in C',
  bar: 'all pairs, and the full cross product of the map line',
  inCi: true,
  run,
};
