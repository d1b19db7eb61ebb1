import { classidText, tcMinor } from '../../u32.ts';
import type { Rule } from '../finding.ts';
import { minorsOf } from '../minors.ts';
import { flowArgument } from '../script.ts';
import type { Page } from './page.ts';

/** net/sched/sch_htb.c: htb_classify() evaluates the inner class's filters again, until the limit of restarts. */
export const FT029: Rule = {
  code: 'FT029',
  severity: 'error',
  title: 'an inner class whose filter gives that same class',
  *look(tree) {
    for (const { q, command, flow, parent } of tree.flows()) {
      const cl = q.kind.classes?.asksAgain === true && tcMinor(parent) !== 0 ? q.classes.get(parent) : null;
      if (cl === null || cl.children === 0 || flow.config.baseclass >>> 16 !== parent >>> 16) continue;
      if (!(minorsOf(flow.config) ?? []).includes(tcMinor(parent))) continue;
      const at = flowArgument(command, 'baseclass');
      yield {
        command,
        word: at >= 0 ? at : command.words.indexOf('flow', 2),
        message: `the filter of ${classidText(parent)} can give ${classidText(parent)} again`,
        effect: `${q.kind.kind} evaluates the same filter again and again, and then drops the packet`,
      };
    }
  },
};

export const PAGE: Page = {
  happens: [
    'htb evaluates the same filter again and again up to its limit, and then drops the packet (fate-309).',
    'hfsc uses the default class (fate-310).',
  ],
  mend: ['Choose a base class below: `baseclass 1:20`.'],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 20',
        'tc class add dev eth0 parent 1: classid 1:1 htb rate 9mbit',
        'tc class add dev eth0 parent 1:1 classid 1:20 htb rate 5mbit',
        'tc filter add dev eth0 parent 1:1 handle 1 flow map key src and 1 baseclass 1:1',
      ],
      line: 4,
      word: '1:1',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 20',
        'tc class add dev eth0 parent 1: classid 1:1 htb rate 9mbit',
        'tc class add dev eth0 parent 1:1 classid 1:20 htb rate 5mbit',
        'tc filter add dev eth0 parent 1:1 handle 1 flow map key src and 0 baseclass 1:20',
      ],
      why: 'The filter gives a class below.',
    },
  ],
};
