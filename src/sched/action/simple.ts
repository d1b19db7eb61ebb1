import { Errno, KernelError } from '../../errors.ts';
import { encodeUtf8 } from '../../lang/index.ts';
import { type Codec, type Decoded, string, struct, table } from '../../netlink/index.ts';
import { Verdict } from '../../verdict.ts';
import { checkControl, takeControlOr } from './control.ts';
import { type Action, BARE, dumpRows, GEN, NO_GEN, NOBODY, PARMS, printTm, TM, takeIndex, usage } from './kind.ts';

/** net/sched/act_simple.c, tc/m_simple.c: writes a text into the kernel's log, and says a verdict. */

/** SIMP_MAX_DATA: with its NUL. */
const DATA_MAX = 32;

/** NLA_STRING of at most 32 bytes without its NUL; the kernel keeps 31 of them. */
const text: Codec<string> = { ...string, fits: (length) => length >= 1 && length <= DATA_MAX + 1 };

/** include/uapi/linux/tc_act/tc_defact.h: TCA_DEF_* */
const TCA_DEF = { tm: [1, TM], parms: [2, struct(GEN)], data: [3, text] } as const;
type Simple = Decoded<typeof TCA_DEF>;

const USAGE = 'Usage: ... simple [ sdata STRING ] [ CONTROL ] [ index INDEX ]';

/** nla_strscpy(): what fits into the buffer. */
function kept(data: string): string {
  let end = data.length;
  while (encodeUtf8(data.slice(0, end)).length > DATA_MAX - 1) end--;
  return data.slice(0, end);
}

export const simple: Action<Simple> = {
  ...PARMS,
  kind: 'simple',
  codec: table(TCA_DEF),
  scope: () => 'packet',
  speak(words, w, { warn } = NOBODY) {
    let data: string | undefined;
    for (;;) {
      if (words.take('simple')) words.need();
      else if (words.take('sdata')) data = words.next();
      else if (words.take('help')) throw usage(words, USAGE);
      else break;
    }
    const action = takeControlOr(words, Verdict.PIPE, warn);
    const index = takeIndex(words, 'simple: Illegal "index" (%s)');
    if (data === undefined && index === undefined) throw words.error('', USAGE);
    const bytes = encodeUtf8(data ?? '');
    if (bytes.length > DATA_MAX - 1) throw words.error(`simple: Illegal string len ${bytes.length} <${data}>`);
    w.put(TCA_DEF.parms, { ...NO_GEN, action, index: index ?? 0 });
    if (data === undefined) return;
    // Quirk 34: tc sends 32 bytes from the word on, whatever stands in memory behind it; here, zeros do.
    w.nest(TCA_DEF.data[0], () => {
      w.bytes(bytes);
      w.zeros(DATA_MAX - bytes.length);
    });
  },
  settle({ parms = NO_GEN, data }, _old, place) {
    if (data === undefined) throw new KernelError(Errno.EINVAL);
    checkControl(parms.action, place);
    return { parms, data: kept(data) };
  },
  dump: (value, w) => dumpRows(TCA_DEF, ['parms', 'data', 'tm'], value, w),
  print({ parms = NO_GEN, data = '', tm }, out, show = BARE) {
    // tc 6.1.0 prints these past its JSON writer; `kind` is ours, as all other kinds have it.
    const old = out.isJson && out.old;
    if (!old) out.member('kind', 'simple');
    out.unconverted((plain) => {
      plain.put('simple', data, `Simple <${data}>`);
      plain.text('\n');
      plain.put('index', parms.index, `\t index ${parms.index}`);
      plain.put('ref', parms.refcnt, ` ref ${parms.refcnt}`);
      plain.put('bind', parms.bindcnt, ` bind ${parms.bindcnt}`);
    });
    printTm(out, tm, show);
    out.text('\n');
  },
  /** net/sched/act_simple.c: tcf_simp_act() */
  compile: ({ parms = NO_GEN }) => {
    const { action } = parms;
    return () => action;
  },
};
