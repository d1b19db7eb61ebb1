import { tcIpv4 } from '../../lang/index.ts';
import { put, type Rule } from '../finding.ts';
import type { Page } from './page.ts';

/** iproute2 tc/f_flow.c: get_addend() tests key numbers where it means their bits (quirk 18). */
export const FT021: Rule = {
  code: 'FT021',
  severity: 'error',
  title: 'an address as addend that tc does not accept for this key',
  *look(setup) {
    for (const { command, code, word } of setup.refusals) {
      if (code !== 'illegal-addend') continue;
      const value = command.words[word] ?? '';
      const sign = value.startsWith('-') ? '-' : '';
      const address = tcIpv4(value.slice(sign.length));
      if (address === undefined || !value.includes('.')) continue;
      yield {
        command,
        word,
        message: `tc accepts no address as addend for this key`,
        effect:
          'tc refuses the command (Illegal "addend"), though the manual allows it; write the number of the address',
        mend: [put(word, `${sign}0x${(address >>> 0).toString(16)}`)],
      };
    }
  },
};

export const PAGE: Page = {
  happens: [
    'The manual allows an address for nfct-src and nfct-dst too.',
    'tc tests the keys\' numbers as if they were bits: for some keys it prints Illegal "addend", and for proto-src it accepts an address.',
  ],
  mend: ['Write the number of the address: `addend -0xc0a80000`.'],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow map key iif addend -192.168.0.0',
      ],
      line: 2,
      word: '-192.168.0.0',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow map key dst addend -192.168.0.0 divisor 256',
      ],
      why: 'tc accepts an address for dst.',
    },
  ],
};
