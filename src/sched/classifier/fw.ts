import { UsageError } from '../../errors.ts';
import { getClassid, getU32, matches } from '../../lang/index.ts';
import { decode, table, u32 } from '../../netlink/index.ts';
import { classidText } from '../../u32.ts';
import type { ClassifierKind } from '../notation.ts';

const TCA_OPTIONS = 2;

/** include/uapi/linux/pkt_cls.h: TCA_FW_* */
const TCA_FW = { classid: [1, u32], mask: [5, u32] } as const;
const FW = table(TCA_FW);

/** tc/f_fw.c: fw_parse_opt(), fw_print_opt() */
export const fw: ClassifierKind = {
  kind: 'fw',
  speak(handle, words, w) {
    const [mark, mask] = (handle ?? '').split('/');
    const number = handle === null ? 0 : getU32(mark ?? '');
    const bits = mask === undefined ? null : getU32(mask);
    if (number === undefined) throw new UsageError('Illegal "handle"');
    if (bits === undefined) throw new UsageError('Illegal "handle" mask');
    if (words.done && bits === null) return number;
    w.nest(TCA_OPTIONS, () => {
      if (bits !== null) w.put(TCA_FW.mask, bits);
      while (!words.done) {
        const word = words.next();
        if (!matches(word, 'classid') && !matches(word, 'flowid')) throw words.error(`What is "${word}"?`);
        const classid = getClassid(words.next());
        if (classid === undefined) throw words.error('Illegal "classid"');
        w.put(TCA_FW.classid, classid);
      }
    });
    return number;
  },
  print(handle, options, out) {
    const { classid, mask } = decode(FW, options);
    const text = `0x${handle.toString(16)}`;
    if (handle !== 0 || mask !== undefined) {
      if (mask !== undefined && mask !== 0xffffffff) out.put('fw', text, `handle ${text}/0x${mask.toString(16)} `);
      else out.put('fw', text, `handle ${text} `);
    }
    if (classid !== undefined) out.put('classid', classidText(classid), `classid ${classidText(classid)} `);
  },
};
