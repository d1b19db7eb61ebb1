import type { Rule } from '../finding.ts';
import { argument } from '../script.ts';
import type { Page } from './page.ts';
import { refusedFlows } from './refusals.ts';

export const FT012: Rule = {
  code: 'FT012',
  severity: 'error',
  title: 'two filters of the same name',
  *look(setup) {
    for (const { command } of refusedFlows(setup, 'filter-exists')) {
      yield {
        command,
        word: argument(command, 'handle'),
        message: 'a filter with this parent, preference, protocol and handle exists already',
        effect: 'the kernel refuses this one (File exists): use another handle, or "replace"',
      };
    }
  },
};

export const PAGE: Page = {
  happens: ['The kernel refuses the second filter (EEXIST): `Filter already exists`.'],
  mend: ['Choose another handle, or write `replace` if the second filter is to replace the first.'],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow map key src and 7',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow map key dst and 7',
      ],
      line: 3,
      word: '1',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow map key src and 7',
        'tc filter replace dev eth0 parent 1: protocol all prio 1 handle 1 flow map key dst and 7',
      ],
      why: 'The second filter replaces the first.',
    },
  ],
};
