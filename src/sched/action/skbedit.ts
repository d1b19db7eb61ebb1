import { Errno, KernelError } from '../../errors.ts';
import { getClassid, getU32, type Words } from '../../lang/index.ts';
import { classid, type Decoded, struct, table, u16, u32, u64 } from '../../netlink/index.ts';
import { Input } from '../../packet/index.ts';
import { classidText } from '../../u32.ts';
import { Verdict } from '../../verdict.ts';
import { dsfield, ipTruncated, ipVersion } from './bytes.ts';
import { checkControl, printControl, takeControlOr } from './control.ts';
import {
  type Action,
  BARE,
  Counters,
  dumpRows,
  GEN,
  NO_GEN,
  NOBODY,
  PARMS,
  printTail,
  skip,
  TM,
  takeIndex,
  usage,
} from './kind.ts';

/** net/sched/act_skbedit.c, tc/m_skbedit.c: sets what is known of a packet besides its bytes. */

/** include/uapi/linux/tc_act/tc_skbedit.h: TCA_SKBEDIT_* */
const TCA_SKBEDIT = {
  tm: [1, TM],
  parms: [2, struct(GEN)],
  priority: [3, classid],
  queueMapping: [4, u16],
  mark: [5, u32],
  ptype: [7, u16],
  mask: [8, u32],
  flags: [9, u64],
  queueMappingMax: [10, u16],
} as const;
type Skbedit = Decoded<typeof TCA_SKBEDIT>;

const INHERITDSFIELD = 0x20n;
const TXQ_SKBHASH = 0x40n;
const EDITS = ['priority', 'queueMapping', 'mark', 'ptype', 'mask'] as const;

/** PACKET_*, from 0; tc tries them in this order. */
const PTYPES = ['host', 'broadcast', 'multicast', 'otherhost'];

const USAGE = [
  'Usage: ... skbedit [ queue_mapping QUEUE ] [ priority CLASSID ] [ mark MARK[/MASK] ] [ inheritdsfield ]',
  '           [ ptype host|otherhost|broadcast|multicast ] [ CONTROL ] [ index INDEX ]',
].join('\n');

type Spoken = { -readonly [K in keyof Skbedit]: Skbedit[K] };

const WORDS: readonly { readonly word: string; speak(words: Words, s: Spoken): void }[] = [
  {
    word: 'queue_mapping',
    speak(words, s) {
      const queue = getU32(words.next(), 10);
      if (queue === undefined || queue > 0xffff) throw words.error('Illegal queue_mapping');
      s.queueMapping = queue;
    },
  },
  {
    word: 'priority',
    speak(words, s) {
      const priority = getClassid(words.next());
      if (priority === undefined) throw words.error('Illegal priority');
      s.priority = priority;
    },
  },
  {
    word: 'mark',
    speak(words, s) {
      const text = words.next();
      const slash = text.indexOf('/');
      const mark = getU32(slash < 0 ? text : text.slice(0, slash));
      if (mark === undefined) throw words.error('Illegal mark');
      s.mark = mark;
      if (slash < 0) return;
      const mask = getU32(text.slice(slash + 1));
      if (mask === undefined) throw words.error('Illegal mask');
      s.mask = mask;
    },
  },
  {
    word: 'ptype',
    speak(words, s) {
      const text = words.next();
      const ptype = PTYPES.findIndex((name) => words.was(name));
      if (ptype < 0) throw words.error(`Illegal ptype (${text})`);
      s.ptype = ptype;
    },
  },
  {
    word: 'inheritdsfield',
    speak(_, s) {
      s.flags = INHERITDSFIELD;
    },
  },
  {
    word: 'help',
    speak(words) {
      throw usage(words, USAGE);
    },
  },
];

export const skbedit: Action<Skbedit> = {
  ...PARMS,
  kind: 'skbedit',
  codec: table(TCA_SKBEDIT),
  scope: () => 'packet',
  sets: Input.MARK | Input.PRIORITY | Input.QUEUE | Input.PKT_TYPE,
  speak(words, w, { warn } = NOBODY) {
    skip(words);
    const spoken: Spoken = {};
    let count = 0;
    for (; ; count++) {
      const option = WORDS.find(({ word }) => words.take(word));
      if (option === undefined) break;
      option.speak(words, spoken);
    }
    const action = takeControlOr(words, Verdict.PIPE, warn);
    const index = takeIndex(words, 'skbedit: Illegal "index"');
    if (count === 0 && index === undefined) throw words.error('', USAGE);
    const parms = { ...NO_GEN, action, index: index ?? 0 };
    const names = ['parms', 'queueMapping', 'priority', 'mark', 'mask', 'ptype', 'flags'] as const;
    dumpRows(TCA_SKBEDIT, names, { ...spoken, parms }, w);
  },
  check({ parms, ptype, flags, queueMapping, queueMappingMax }) {
    if (ptype !== undefined && ptype >= PTYPES.length) throw new KernelError(Errno.EINVAL);
    if (flags !== undefined && flags & TXQ_SKBHASH) {
      if (queueMapping === undefined || queueMappingMax === undefined) {
        throw new KernelError(Errno.EINVAL, 'Missing required range of queue_mapping.');
      }
      if (queueMappingMax < queueMapping) {
        throw new KernelError(Errno.EINVAL, 'The range of queue_mapping is invalid, max < min.');
      }
    }
    if (parms === undefined) throw new KernelError(Errno.EINVAL);
  },
  settle(request, _old, place) {
    const { parms = NO_GEN, flags = 0n, queueMappingMax, ...rest } = request;
    const pure = flags & (INHERITDSFIELD | TXQ_SKBHASH);
    if (pure === 0n && EDITS.every((name) => request[name] === undefined)) throw new KernelError(Errno.EINVAL);
    checkControl(parms.action, place);
    const max = pure & TXQ_SKBHASH && queueMappingMax !== undefined ? { queueMappingMax } : {};
    const { tm: _tm, unknown: _unknown, ...kept } = rest;
    return { ...kept, ...max, parms, ...(pure === 0n ? {} : { flags: pure }) };
  },
  dump(value, w) {
    const names = [
      'parms',
      'priority',
      'queueMapping',
      'mark',
      'ptype',
      'mask',
      'queueMappingMax',
      'flags',
      'tm',
    ] as const;
    dumpRows(TCA_SKBEDIT, names, value, w);
  },
  print(value, out, show = BARE) {
    const { parms = NO_GEN, priority, queueMapping, mark, mask, ptype, flags = 0n, tm } = value;
    out.put('kind', 'skbedit', 'skbedit ');
    if (queueMapping !== undefined) out.put('queue_mapping', queueMapping, `queue_mapping ${queueMapping}`);
    if (priority !== undefined) out.put('priority', classidText(priority), ` priority ${classidText(priority)}`);
    if (mark !== undefined) out.put('mark', mark, ` mark ${mark}`);
    if (mask !== undefined) out.put('mask', mask.toString(16), `/${mask === 0 ? '0' : `0x${mask.toString(16)}`}`);
    if (ptype !== undefined) out.put('ptype', PTYPES[ptype] ?? ptype, ` ptype ${PTYPES[ptype] ?? ptype}`);
    if (flags & INHERITDSFIELD) out.put('inheritdsfield', null, ' inheritdsfield');
    printControl(out, ' ', parms.action, '');
    printTail(out, parms, tm, show);
  },
  /** net/sched/act_skbedit.c: tcf_skbedit_act() — every queue that a script names is taken to be there. */
  compile(value, _world, _env, counters = new Counters()) {
    const {
      parms = NO_GEN,
      priority,
      queueMapping,
      queueMappingMax,
      mark,
      mask = 0xffffffff,
      ptype,
      flags = 0n,
    } = value;
    const { action } = parms;
    const inherit = (flags & INHERITDSFIELD) !== 0n;
    const spread = flags & TXQ_SKBHASH ? (queueMappingMax ?? 0) - (queueMapping ?? 0) + 1 : 1;
    return (p) => {
      if (priority !== undefined) {
        p.priority = priority | 0;
        p.writes(Input.PRIORITY, true);
      }
      if (inherit) {
        if (ipTruncated(p)) {
          counters.drops++;
          return Verdict.SHOT;
        }
        const version = ipVersion(p);
        if (version !== 0) {
          p.priority = dsfield(p, version) >>> 2;
          p.writes(Input.PRIORITY, true);
        }
      }
      if (queueMapping !== undefined) {
        p.queue = queueMapping + (spread > 1 ? (p.hash >>> 0) % spread : 0);
        p.writes(Input.QUEUE, spread === 1 || (p.given & Input.HASH) !== 0);
      }
      if (mark !== undefined) {
        p.mark = (p.mark & ~mask) | (mark & mask);
        if (mask >>> 0 === 0xffffffff) p.writes(Input.MARK, true);
      }
      if (ptype !== undefined) {
        p.pktType = ptype;
        p.writes(Input.PKT_TYPE, true);
      }
      return action;
    };
  },
};
