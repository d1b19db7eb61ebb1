import { UsageError } from '../errors.ts';
import { getClassid, getQdiscHandle, type Printer, type Words } from '../lang/index.ts';
import { AttrWriter, type Message, NLM_F, RTM, readTc, TC_H, TCA, type TcMessage, writeTc } from '../netlink/index.ts';
import { findClass, isRetired } from '../sched/qdisc/index.ts';
import { classidText, tcMajor, tcMinor } from '../u32.ts';
import { ESTIMATOR, takeEstimator } from './estimator.ts';
import { duplicate, giveUp, type TcProcess, takeOnce } from './process.ts';
import { required } from './qdisc.ts';
import { printNewStats } from './stats.ts';
import { usageOf } from './usage.ts';
import { doVerb, type Verb } from './verbs.ts';

const VERBS: readonly Verb[] = [
  ['add', RTM.NEWTCLASS, NLM_F.EXCL | NLM_F.CREATE],
  ['change', RTM.NEWTCLASS, 0],
  ['replace', RTM.NEWTCLASS, NLM_F.CREATE],
  ['delete', RTM.DELTCLASS, 0],
];

/** tc/tc_class.c: do_class() */
export function doClass(words: Words, tc: TcProcess): void {
  doVerb({ name: 'class', verbs: VERBS, usage: USAGE, modify, list: listClasses }, words, tc);
}

const USAGE = usageOf(
  'class',
  [...VERBS.map(([name]) => name), 'show'],
  'dev NAME parent ID [ classid ID ] [ KIND OPTIONS ]',
);

/** tc/tc_class.c: tc_class_modify() */
function modify(type: number, flags: number, words: Words, tc: TcProcess): void {
  let device = '';
  let parent = 0;
  let classid = 0;
  let kind: string | null = null;
  let estimator: Uint8Array | null = null;
  while (!words.done && kind === null) {
    const word = words.next();
    if (words.wasExactly('dev')) {
      device = takeOnce(words, 'dev', device !== '');
    } else if (words.wasExactly('classid')) {
      classid = required(getClassid(takeOnce(words, 'classid', classid !== 0)), words, 'invalid class ID');
    } else if (word === 'handle') {
      // Not held against the cursor's word: nobody should be offered it.
      throw giveUp('Error: try "classid" instead of "handle"');
    } else if (words.wasExactly('root')) {
      if (parent !== 0) throw giveUp('Error: "root" is duplicate parent ID.');
      parent = TC_H.ROOT;
    } else if (words.wasExactly('parent')) {
      parent = required(getClassid(takeOnce(words, 'parent', parent !== 0)), words, 'invalid parent ID');
    } else if (words.was('estimator')) {
      estimator = takeEstimator(words, estimator, tc);
    } else if (words.was('help')) {
      tc.say(`${USAGE}\n`);
    } else {
      kind = word.slice(0, 15);
    }
  }
  const w = new AttrWriter();
  if (kind) w.put(TCA.kind, kind);
  if (estimator !== null) w.put(ESTIMATOR, estimator);
  speakOptions(kind, words, w, tc);
  const ifindex = device === '' ? 0 : tc.index(device);
  tc.talk(
    type,
    flags,
    writeTc({ ifindex, handle: classid, parent, info: 0 }, (out) => out.bytes(w.done())),
  );
}

function speakOptions(kind: string | null, words: Words, w: AttrWriter, tc: TcProcess): void {
  const is = (name: string): boolean => words.wasExactly(name, kind ?? '');
  const classes = kind === null ? null : findClass(kind, is);
  if (classes !== null) {
    classes.speak(words, w, (line) => tc.say(`${line}\n`));
    return;
  }
  if (kind !== null && isRetired(kind, 'class', is)) {
    words.takeRest();
    return;
  }
  if (kind !== null) throw new UsageError(`Error: Qdisc "${kind}" is classless.`);
  if (words.done) return;
  const word = words.next();
  throw giveUp(`Garbage instead of arguments "${word} ...". Try "tc class help".`, '', words.at - 1);
}

/** tc/tc_class.c: tc_class_list() */
function listClasses(words: Words, tc: TcProcess): void {
  let device = '';
  let qdisc = 0;
  let classid = 0;
  let parent = 0;
  while (!words.done) {
    const word = words.next();
    if (words.wasExactly('dev')) {
      device = takeOnce(words, 'dev', device !== '');
    } else if (words.wasExactly('qdisc')) {
      qdisc = required(getQdiscHandle(takeOnce(words, 'qdisc', qdisc !== 0)), words, 'invalid qdisc ID');
    } else if (words.wasExactly('classid')) {
      classid = required(getClassid(takeOnce(words, 'classid', classid !== 0)), words, 'invalid class ID');
    } else if (words.wasExactly('root')) {
      if (parent !== 0) throw giveUp('Error: "root" is duplicate parent ID');
      parent = TC_H.ROOT;
    } else if (words.wasExactly('parent')) {
      if (parent !== 0) throw duplicate('parent', word);
      parent = required(getClassid(words.next()), words, 'invalid parent ID');
    } else if (words.was('help')) {
      tc.say(`${USAGE}\n`);
    } else {
      throw giveUp(`What is "${word}"? Try "tc class help".`, '', words.at - 1);
    }
  }
  const ifindex = device === '' ? 0 : tc.index(device);
  const request = writeTc({ ifindex, handle: 0, parent, info: 0 }, () => undefined);
  tc.list(RTM.GETTCLASS, request, (message, out) => {
    const t = readTc(message);
    if (qdisc !== 0 && tcMajor(t.handle) !== tcMajor(qdisc)) return;
    if (classid !== 0 && t.handle !== classid) return;
    printClass(message, t, tc, ifindex === 0, qdisc !== 0, out);
  });
}

/** A class's number; only its minor where the qdisc was named. */
function name(id: number, minorOnly: boolean): string {
  return minorOnly ? `:${tcMinor(id).toString(16)}` : classidText(id);
}

/** tc/tc_class.c: print_class() */
function printClass(
  message: Message,
  t: TcMessage,
  tc: TcProcess,
  withDevice: boolean,
  minorOnly: boolean,
  out: Printer,
): void {
  const { kind = '', options, stats2 } = t.attributes;
  out.open('{');
  if (message.type === RTM.DELTCLASS) out.put('deleted', true, 'deleted ');
  out.put('class', kind, `class ${kind} `);
  if (t.handle !== 0) out.put('handle', name(t.handle, minorOnly), `${name(t.handle, minorOnly)} `);
  if (withDevice) {
    const device = tc.deviceName(t.ifindex);
    out.put('dev', device, `dev ${device} `);
  }
  if (t.parent === TC_H.ROOT) out.put('root', true, 'root ');
  else out.put('parent', name(t.parent, minorOnly), `parent ${name(t.parent, minorOnly)} `);
  if (t.info !== 0) {
    const leaf = `${tcMajor(t.info).toString(16)}:`;
    out.put('leaf', leaf, `leaf ${leaf} `);
  }
  if (options !== undefined) findClass(kind)?.print(options, out, tc.options);
  out.text('\n');
  if (tc.options.statistics && stats2 !== undefined) printNewStats(stats2, out);
  out.close();
}
