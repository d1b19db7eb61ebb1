import { ERAS, type Era } from '../../src/era.ts';
import type { SessionAnswers } from './control.ts';

/** The era that stands for a kernel: 6.1 kernels hide folded pointers from 6.1.180 on. */
export function eraOf(version: string): Era {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  if (major === 6 && minor === 12) return ERAS['6.12'];
  return major === 6 && minor === 1 && patch < 180 ? ERAS['6.1.170'] : ERAS['6.1'];
}

/**
 * Actions that a kernel lists otherwise than its era, and what is asked about instead. 6.12: lists tell how often a pedit
 * could not be applied (net/sched/act_pedit.c: tcf_pedit_act(), since 6.4).
 */
export function inPlaceOf(version: string, filter: string): string {
  if (version.startsWith('6.1.')) return filter;
  return filter.replaceAll(
    /pedit ex munge .*?(?= (?:pass|pipe|drop|continue|reclassify|goto|jump|trap)\b)/g,
    'csum ip4h',
  );
}

const NLMSG_DONE = 3;
/** Header and errno; then attributes, of which the first is the text (NLMSGERR_ATTR_MSG). */
const DONE_SIZE = 20;

/** 6.12 ends a refused list with the place and the policy of the attribute as well: they are taken out of its answers. */
export function asEraSays(version: string, session: SessionAnswers): SessionAnswers {
  if (version.startsWith('6.1.')) return session;
  return {
    ...session,
    answers: session.answers.map((given) => (typeof given === 'number' ? given : given.map(textAlone))),
  };
}

function textAlone(datagram: Buffer): Buffer {
  const whole = datagram.length >= DONE_SIZE + 4 && datagram.readUInt32LE(0) === datagram.length;
  if (!whole || datagram.readUInt16LE(4) !== NLMSG_DONE || datagram.readUInt16LE(DONE_SIZE + 2) !== 1) return datagram;
  const end = DONE_SIZE + ((datagram.readUInt16LE(DONE_SIZE) + 3) & ~3);
  const shorter = Buffer.from(datagram.subarray(0, end));
  shorter.writeUInt32LE(end, 0);
  return shorter;
}
