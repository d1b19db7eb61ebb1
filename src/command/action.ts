import { FatalUsageError, UsageError } from '../errors.ts';
import { getU32, type Printer, type Words } from '../lang/index.ts';
import { AttrWriter, bytes, decode, type Message, NLM_F, nest, RTM, string, table, u32 } from '../netlink/index.ts';
import { findAction, printActions, speakActions, TCA_ACT } from '../sched/action/index.ts';
import { Exit, giveUp, type TcProcess } from './process.ts';
import { usageOf } from './usage.ts';
import { unknownVerb, wasList } from './verbs.ts';

/** struct tcamsg: family and padding, all zero; then TCA_ROOT_*. */
const TCAMSG = new Uint8Array(4);
const TCA_ROOT = { tab: [1, nest], flags: [2, bytes], count: [3, u32], since: [4, u32] } as const;
const ROOT = table(TCA_ROOT);
/** struct nla_bitfield32 with TCA_ACT_FLAG_LARGE_DUMP_ON, and TCA_ACT_FLAG_TERSE_DUMP for -br, as value and selector. */
const LARGE_DUMP = Uint8Array.of(1, 0, 0, 0, 1, 0, 0, 0);
const TERSE_DUMP = Uint8Array.of(3, 0, 0, 0, 3, 0, 0, 0);
const KIND = [TCA_ACT.kind[0], string] as const;
const INDEX = [TCA_ACT.index[0], u32] as const;

const VERBS = ['add', 'change', 'replace', 'delete', 'get', 'list', 'flush'];

/** tc/m_action.c: do_action() — several commands may follow each other; what stands behind a list or flush is not read. */
export function doActions(words: Words, tc: TcProcess): void {
  while (!words.done) {
    words.next();
    if (words.was('add')) modify(NLM_F.EXCL | NLM_F.CREATE, words, tc);
    else if (words.was('change') || words.was('replace')) modify(NLM_F.CREATE | NLM_F.REPLACE, words, tc);
    else if (words.was('delete')) getOrDelete(RTM.DELACTION, words, tc);
    else if (words.was('get')) getOrDelete(RTM.GETACTION, words, tc);
    else if (wasList(words)) list(words, tc);
    else if (words.was('flush')) flush(words, tc);
    else if (words.was('help')) throw usage();
    else throw unknownVerb('actions', words);
  }
}

/** tc's usage() of actions exits. */
function usage(): UsageError {
  return new FatalUsageError('', -1, 255, usageOf('actions', VERBS, 'action KIND [ OPTIONS ] [ index N ]'));
}

function request(attributes: (w: AttrWriter) => void): Uint8Array {
  const w = new AttrWriter();
  w.bytes(TCAMSG);
  attributes(w);
  return w.done();
}

/** tc_action_modify() */
function modify(flags: number, words: Words, tc: TcProcess): void {
  if (words.done) throw giveUp('Illegal "action"');
  const tab = new AttrWriter();
  try {
    speakActions(words, tab, tc.words);
  } catch (error) {
    if (!(error instanceof UsageError) || error instanceof FatalUsageError || error.exit !== 1) throw error;
    throw new UsageError(
      `${error.message === '' ? '' : `${error.message}\n`}Illegal "action"`,
      error.word,
      error.hint,
      255,
    );
  }
  const payload = request((w) => w.put(TCA_ROOT.tab, tab.done()));
  tc.talk(RTM.NEWACTION, flags, payload);
}

/** tc_action_gd() — one or more actions by kind and index. The first word is taken for `action`, whatever it is. */
function getOrDelete(type: number, words: Words, tc: TcProcess): void {
  const tab = new AttrWriter();
  const start = words.at;
  if (!words.done) words.next();
  for (let order = 1; !words.done; ) {
    if (words.takeExact('action')) continue;
    if (words.isExactly('help')) throw usage();
    const kind = takeKind(words);
    if (words.done) throw giveUp(`Error: no index specified action: ${kind}`);
    if (!words.take('index')) throw giveUp(`Error: no index specified action: ${kind}`, '', words.at);
    const index = getU32(words.next(), 10);
    if (index === undefined) throw giveUp('Illegal "index"', '', words.at - 1);
    tab.nest(order++, () => {
      tab.put(KIND, kind);
      if (index > 0) tab.put(INDEX, index);
    });
  }
  const payload = request((w) => w.put(TCA_ROOT.tab, tab.done()));
  try {
    const answer = tc.talk(type, 0, payload, type === RTM.GETACTION);
    if (answer !== null) tc.show((out) => printAction(answer, tc, out));
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    // do_action() goes on where it stood: behind the verb (quirk 61).
    words.at = start;
  }
}

/** tc/m_action.c: get_action_kind() — a kind that it does not know is gact to tc (quirk 60). */
function takeKind(words: Words): string {
  const word = words.next();
  return findAction(word, (name) => words.wasExactly(name)) === undefined ? 'gact' : word;
}

const KIND_MAX = 15;

/** The words behind list and flush: `action`, whatever it is, one kind, known or not, and `since` how many ms ago. */
function ofKind(words: Words, tc: TcProcess): Uint8Array {
  if (words.list.length - words.at < 2) throw usage();
  words.next();
  const kind = words.next().slice(0, KIND_MAX);
  const since = words.takeExact('since') ? getU32(words.next()) : null;
  if (since === undefined) throw words.invalid('dump time "since" is invalid');
  const tab = new AttrWriter();
  tab.nest(1, () => tab.put(KIND, kind));
  return request((w) => {
    w.put(TCA_ROOT.tab, tab.done());
    w.put(TCA_ROOT.flags, tc.options.brief ? TERSE_DUMP : LARGE_DUMP);
    if (since !== null) w.put(TCA_ROOT.since, since);
  });
}

/** tc_act_list_or_flush(), RTM_GETACTION */
function list(words: Words, tc: TcProcess): void {
  const payload = ofKind(words, tc);
  words.at = words.list.length;
  tc.list(RTM.GETACTION, payload, (message, out) => printAction(message, tc, out));
}

/** tc_act_list_or_flush(), RTM_DELACTION */
function flush(words: Words, tc: TcProcess): void {
  tc.talk(RTM.DELACTION, NLM_F.ROOT, ofKind(words, tc));
  words.at = words.list.length;
}

/** tc/m_action.c: print_action() */
function printAction(message: Message, tc: TcProcess, out: Printer): void {
  const { tab, count = 0 } = decode(ROOT, message.payload, TCAMSG.length);
  out.open('{');
  out.put('total acts', count, `total acts ${count}\n`);
  out.close();
  if (tab === undefined) return;
  out.open('{');
  printActions(tab, out, { ...tc.words.show, device: (index) => tc.transport.links.name(index) });
  out.close();
}
