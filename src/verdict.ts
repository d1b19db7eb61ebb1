/** include/uapi/linux/pkt_cls.h: TC_ACT_* — what a classifier or an action says of a packet. */
export const Verdict = {
  UNSPEC: -1,
  OK: 0,
  RECLASSIFY: 1,
  SHOT: 2,
  PIPE: 3,
  STOLEN: 4,
  QUEUED: 5,
  REPEAT: 6,
  REDIRECT: 7,
  TRAP: 8,
  CONSUMED: 9,
  /** With the number of actions to skip in the low 28 bits. */
  JUMP: 0x10000000,
  /** With the chain's number in the low 28 bits. */
  GOTO_CHAIN: 0x20000000,
  /** None of the kernel's: nobody here can evaluate the filter or action. It ends the search of the list. */
  UNKNOWABLE: 0x7fffffff,
} as const;

/** A number, not the union of the above: jumps and gotos carry an argument. */
export type Verdict = number;

export const UNSPEC: Verdict = Verdict.UNSPEC;

const NAMES = ['ok', 'reclassify', 'shot', 'pipe', 'stolen', 'queued', 'repeat', 'redirect', 'trap', 'consumed'];

/** The verdict's name in records and tables: `ok`, `shot`, `unspec`, `jump 2`, `goto chain 7`. */
export function verdictName(verdict: Verdict): string {
  const argument = verdict & 0x0fffffff;
  if (verdict < 0) return 'unspec';
  if (verdict === Verdict.UNKNOWABLE) return 'unknowable';
  if ((verdict & 0xf0000000) === Verdict.JUMP) return `jump ${argument}`;
  if ((verdict & 0xf0000000) === Verdict.GOTO_CHAIN) return `goto chain ${argument}`;
  return NAMES[verdict] ?? String(verdict);
}
