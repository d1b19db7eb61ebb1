import { KEYS, Key, keysOf } from '../../sched/flow/index.ts';
import type { Rule } from '../finding.ts';
import { flowArgument } from '../script.ts';
import { beforeTracking } from './ft009-conntrack-has-not-run.ts';

const LOCAL: readonly Key[] = [Key.SKUID, Key.SKGID, Key.RTCLASSID];

/** Only packets of local sockets have an owner, only routed ones a route. */
export const FT010: Rule = {
  code: 'FT010',
  severity: 'warning',
  title: 'sk-uid, sk-gid, rt-classid on packets that have neither socket nor route',
  *look(tree) {
    for (const filter of tree.flows()) {
      const { command, flow } = filter;
      const [key] = keysOf(flow.config.keymask).filter((one) => LOCAL.includes(one));
      if (key === undefined) continue;
      const always = beforeTracking(filter, tree);
      const { name } = KEYS[key];
      yield {
        command,
        word: flowArgument(command, 'keys'),
        severity: always ? 'warning' : 'advice',
        message: always ? `${name} is always 0 here` : `${name} is 0 for forwarded packets`,
        effect: always
          ? 'packets that come in have no socket and no route yet: all of them get the same class'
          : 'only packets of sockets on this machine (of rt-classid: routed with a realm) differ; all others share a class',
      };
    }
  },
};
