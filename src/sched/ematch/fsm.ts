import { Errno, KernelError } from '../../errors.ts';
import { byteAt, type Packet } from '../../packet/index.ts';
import { le16, u8 } from '../../u32.ts';

/*
 * lib/ts_fsm.c: patterns of tokens — {u16 type, u8 recurrence, u8 value} — of which each takes one byte, perhaps one,
 * any number, or at least one. The match has to begin with the text unless the first token says otherwise, and has to
 * end with it unless the last one does.
 */

const TOKEN = 4;
const RECUR_MAX = 4;
const Recur = { SINGLE: 0, PERHAPS: 1, ANY: 2, MULTI: 3, HEAD_IGNORE: 4 } as const;

/** include/linux/ctype.h, and two of the machine's own. */
const [UPPER, LOWER, DIGIT, CNTRL, PUNCT, SPACE, XLETTER, BLANK, ASCII, ANY] = [
  0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x100, 0x200,
];

/** include/linux/textsearch_fsm.h: TS_FSM_*, by number: the classes a token of this type takes; 0: its value only. */
const TYPES: readonly number[] = [
  0,
  ANY,
  DIGIT,
  DIGIT | XLETTER,
  PUNCT | UPPER | LOWER | DIGIT | BLANK,
  UPPER | LOWER,
  UPPER | LOWER | DIGIT,
  ASCII,
  CNTRL,
  PUNCT | UPPER | LOWER | DIGIT,
  LOWER,
  UPPER,
  PUNCT,
  SPACE,
];

/** First and last byte of a range, and its classes beside ANY: Latin-1. */
const RANGES: readonly (readonly [number, number, number])[] = [
  [0x00, 0x7f, ASCII],
  [0x00, 0x1f, CNTRL],
  [0x7f, 0x7f, CNTRL],
  [0x09, 0x0d, SPACE],
  [0x20, 0x20, SPACE | BLANK],
  [0xa0, 0xa0, SPACE | BLANK],
  [0x21, 0x2f, PUNCT],
  [0x3a, 0x40, PUNCT],
  [0x5b, 0x60, PUNCT],
  [0x7b, 0x7e, PUNCT],
  [0xa1, 0xbf, PUNCT],
  [0xd7, 0xd7, PUNCT],
  [0xf7, 0xf7, PUNCT],
  [0x30, 0x39, DIGIT],
  [0x41, 0x5a, UPPER],
  [0x41, 0x46, XLETTER],
  [0x61, 0x7a, LOWER],
  [0x61, 0x66, XLETTER],
  [0xc0, 0xd6, UPPER],
  [0xd8, 0xde, UPPER],
  [0xdf, 0xf6, LOWER],
  [0xf8, 0xff, LOWER],
];

const CLASSES = classesOf();

/** By ranges, as this runs at every start: byte by byte it took 3 ms. */
function classesOf(): Uint16Array {
  const table = new Uint16Array(256).fill(ANY);
  for (const [first, last, classes] of RANGES) {
    for (let byte = first; byte <= last; byte++) table[byte] = (table[byte] ?? 0) | classes;
  }
  return table;
}

interface Token {
  readonly classes: number;
  readonly recur: number;
  readonly value: number;
}

/** lib/ts_fsm.c: fsm_init() */
function tokensOf(pattern: Uint8Array): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at + TOKEN <= pattern.length; at += TOKEN) {
    const classes = TYPES[le16(pattern, at)];
    const recur = u8(pattern, at + 2);
    if (classes === undefined || recur > RECUR_MAX) throw new KernelError(Errno.EINVAL);
    tokens.push({ classes, recur, value: u8(pattern, at + 3) });
  }
  const misplaced = tokens.some(({ recur }, i) => recur === Recur.HEAD_IGNORE && (i > 0 || tokens.length === 1));
  if (pattern.length % TOKEN !== 0 || misplaced) throw new KernelError(Errno.EINVAL);
  return tokens;
}

/** The pattern as a dump has it: types have become classes. */
export function fsmDumped(pattern: Uint8Array): Uint8Array {
  return Uint8Array.from(
    tokensOf(pattern).flatMap(({ classes, recur, value }) => [classes & 0xff, classes >> 8, recur, value]),
  );
}

function takes(token: Token, byte: number): boolean {
  return token.classes === 0 ? token.value === byte : (token.classes & (CLASSES[byte] ?? 0)) !== 0;
}

const [NO, FOUND, AGAIN] = [-1, 1, 0];

/** One run of the machine from `at` on, and where it stood when it ended. */
class Machine {
  private readonly tokens: readonly Token[];
  at = 0;
  start = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  /** NO: nothing will match; AGAIN: try from `at` on; FOUND. */
  run(p: Packet, from: number): number {
    this.at = this.start = from;
    for (let i = 0; i < this.tokens.length; i++) {
      const token = this.tokens[i] as Token;
      const outcome = this.step(p, token, this.tokens[i + 1]);
      if (outcome !== undefined) return outcome;
    }
    return this.at >= p.end ? FOUND : NO;
  }

  private step(p: Packet, token: Token, next: Token | undefined): number | undefined {
    const fits = this.at < p.end && takes(token, byteAt(p, this.at));
    if (token.recur === Recur.PERHAPS && !fits) return undefined;
    if (token.recur === Recur.SINGLE || token.recur === Recur.MULTI) {
      if (this.at >= p.end) return NO;
      if (!fits) return this.mismatch();
    }
    if (token.recur <= Recur.PERHAPS) {
      this.at++;
      return undefined;
    }
    if (token.recur === Recur.MULTI) this.at++;
    if (next === undefined) return FOUND;
    return this.repeat(p, token, next);
  }

  /** Takes bytes until the next token's turn has come. */
  private repeat(p: Packet, token: Token, next: Token): number | undefined {
    if (this.at >= p.end) return undefined;
    while (!takes(next, byteAt(p, this.at))) {
      if (!takes(token, byteAt(p, this.at))) return token.recur === Recur.HEAD_IGNORE ? NO : this.mismatch();
      this.at++;
      if (this.at >= p.end) return NO;
    }
    if (token.recur === Recur.HEAD_IGNORE) this.start = this.at;
    return undefined;
  }

  private mismatch(): number {
    if (this.tokens[0]?.recur !== Recur.HEAD_IGNORE) return NO;
    this.at++;
    return AGAIN;
  }
}

/** lib/ts_fsm.c: fsm_find() — where the pattern begins in the packet from `from` on, or -1. */
export function fsmFinder(pattern: Uint8Array): (p: Packet, from: number) => number {
  const machine = new Machine(tokensOf(pattern));
  return (p, from) => {
    if (from >= p.end) return -1;
    let outcome = machine.run(p, from);
    while (outcome === AGAIN) outcome = machine.run(p, machine.at);
    return outcome === FOUND ? machine.start : -1;
  };
}
