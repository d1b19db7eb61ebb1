import { tcIpv4 } from '../../lang/index.ts';
import { put, type Rule } from '../finding.ts';
import { flowArgument } from '../script.ts';

/** iproute2 tc/f_flow.c: get_addend() tests key numbers where it means their bits (quirk 18). */
export const FT021: Rule = {
  code: 'FT021',
  severity: 'error',
  title: 'an address as addend that tc does not take for this key',
  *look(tree) {
    for (const { command, kernel, sentence, word } of tree.refusals) {
      if (kernel || sentence !== 'Illegal "addend"' || flowArgument(command, 'addend') !== word) continue;
      const value = command.words[word] ?? '';
      const sign = value.startsWith('-') ? '-' : '';
      const address = tcIpv4(value.slice(sign.length));
      if (address === undefined || !value.includes('.')) continue;
      yield {
        command,
        word,
        message: `tc takes no address as addend for this key`,
        effect:
          'the command is refused (Illegal "addend"), though the manual shows it; the number of the address is taken',
        mend: [put(word, `${sign}0x${(address >>> 0).toString(16)}`)],
      };
    }
  },
};
