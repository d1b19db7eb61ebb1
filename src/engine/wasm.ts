/**
 * A small assembler for WebAssembly (https://www.w3.org/TR/wasm-core-1/, binary format): as much as a loop over records
 * needs. Values are i32 unless a name ends in 64; all functions take i32 parameters and return one i32.
 *
 *   const at = f.local();
 *   set(at, add(get(at), constant(16)))
 *
 * Code is a tree of numbers and nodes, flattened once: labels become depths then.
 */
export type Code = number | Node | readonly Code[];

/** Something that needs to know how deep it stands. */
type Node = Scope | Branch;

/** A block or loop to branch to: out of a block, to the beginning of a loop. */
export class Label {}

class Scope {
  readonly opcode: number;
  readonly label: Label | null;
  readonly body: Code;

  constructor(opcode: number, label: Label | null, body: Code) {
    this.opcode = opcode;
    this.label = label;
    this.body = body;
  }
}

class Branch {
  readonly opcode: number;
  readonly label: Label;

  constructor(opcode: number, label: Label) {
    this.opcode = opcode;
    this.label = label;
  }
}

const Op = {
  BLOCK: 0x02,
  LOOP: 0x03,
  IF: 0x04,
  ELSE: 0x05,
  END: 0x0b,
  BR: 0x0c,
  BR_IF: 0x0d,
  RETURN: 0x0f,
  CALL: 0x10,
  SELECT: 0x1b,
  GET: 0x20,
  SET: 0x21,
  LOAD: 0x28,
  LOAD64: 0x29,
  LOAD_F64: 0x2b,
  LOAD8: 0x2d,
  LOAD16: 0x2f,
  STORE: 0x36,
  STORE64: 0x37,
  STORE_F64: 0x39,
  CONST: 0x41,
  CONST64: 0x42,
} as const;
/** The type of a block that leaves nothing on the stack. */
const NOTHING = 0x40;
const I32 = 0x7f;

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    const last = rest >> 6 === 0 || rest >> 6 === -1;
    bytes.push((rest & 0x7f) | (last ? 0 : 0x80));
    if (last) return bytes;
  }
}

export const constant = (value: number): Code => [Op.CONST, signed(value | 0)];
export const constant64 = (value: number): Code => [Op.CONST64, signed(value | 0)];
export const get = (local: number): Code => [Op.GET, unsigned(local)];
export const set = (local: number, value: Code): Code => [value, Op.SET, unsigned(local)];

/** Bytes of memory at `address + offset`, little-endian and unsigned; no alignment is promised. */
const load =
  (opcode: number) =>
  (address: Code, offset = 0): Code => [address, opcode, 0, unsigned(offset)];
export const load8 = load(Op.LOAD8);
export const load16 = load(Op.LOAD16);
export const load32 = load(Op.LOAD);
export const load64 = load(Op.LOAD64);
export const loadFloat = load(Op.LOAD_F64);
const store =
  (opcode: number) =>
  (address: Code, offset: number, value: Code): Code => [address, value, opcode, 0, unsigned(offset)];
export const store32 = store(Op.STORE);
export const store64 = store(Op.STORE64);
export const storeFloat = store(Op.STORE_F64);

const binary =
  (opcode: number) =>
  (a: Code, b: Code): Code => [a, b, opcode];
export const eq = binary(0x46);
export const ne = binary(0x47);
export const lessThan = binary(0x49);
export const greaterThan = binary(0x4b);
export const add = binary(0x6a);
export const sub = binary(0x6b);
export const multiply = binary(0x6c);
/** Unsigned; the divisor is not 0. */
export const remainder = binary(0x70);
export const and = binary(0x71);
export const or = binary(0x72);
export const xor = binary(0x73);
export const shiftLeft = binary(0x74);
/** Unsigned. */
export const shiftRight = binary(0x76);
export const rotateLeft = binary(0x77);
export const add64 = binary(0x7c);
export const sub64 = binary(0x7d);
export const multiply64 = binary(0x7e);
export const or64 = binary(0x84);
export const xor64 = binary(0x85);
export const shiftLeft64 = binary(0x86);
export const shiftRight64 = binary(0x88);
/** 64-bit floating point. */
export const lessFloat = binary(0x63);
export const addFloat = binary(0xa0);
export const subFloat = binary(0xa1);
export const multiplyFloat = binary(0xa2);

export const isZero = (value: Code): Code => [value, 0x45];
export const isZero64 = (value: Code): Code => [value, 0x50];
/** An i32 as an i64 without sign. */
export const widen = (value: Code): Code => [value, 0xad];
/** A signed i64 as a float. */
export const toFloat = (value: Code): Code => [value, 0xb9];
/** The lower half of an i64. */
export const narrow = (value: Code): Code => [value, 0xa7];
/** Both are computed. */
export const select = (condition: Code, yes: Code, no: Code): Code => [yes, no, condition, Op.SELECT];

export const block = (label: Label, body: Code): Code => new Scope(Op.BLOCK, label, body);
export const loop = (label: Label, body: Code): Code => new Scope(Op.LOOP, label, body);
export const branch = (label: Label): Code => new Branch(Op.BR, label);
export const branchIf = (label: Label, condition: Code): Code => [condition, new Branch(Op.BR_IF, label)];
export const when = (condition: Code, yes: Code, no: Code = []): Code => {
  const otherwise = Array.isArray(no) && no.length === 0 ? [] : [Op.ELSE, no];
  return [condition, new Scope(Op.IF, null, [yes, otherwise])];
};
export const result = (value: Code): Code => [value, Op.RETURN];
export const call = (fn: number, args: Code): Code => [args, Op.CALL, unsigned(fn)];

/** One function: parameters are its first locals. */
export class Func {
  readonly params: number;
  private locals: number;
  body: Code = [];

  constructor(params: number) {
    this.params = params;
    this.locals = params;
  }

  /** A new i32 local, 0 at first. */
  local(): number {
    return this.locals++;
  }

  /** The function's code, without its size. */
  bytes(): number[] {
    const more = this.locals - this.params;
    const out = more === 0 ? [0] : [1, ...unsigned(more), I32];
    flatten([this.body], [], out);
    out.push(Op.END);
    return out;
  }
}

/** A number is written where it stands: most code is numbers, and there are tens of thousands of it. */
function flatten(code: Exclude<Code, number>, labels: (Label | null)[], out: number[]): void {
  if (code instanceof Branch) {
    out.push(code.opcode, ...unsigned(labels.length - 1 - labels.lastIndexOf(code.label)));
  } else if (code instanceof Scope) {
    out.push(code.opcode, NOTHING);
    labels.push(code.label);
    flatten([code.body], labels, out);
    labels.pop();
    out.push(Op.END);
  } else {
    for (const part of code as readonly Code[]) {
      if (typeof part === 'number') out.push(part);
      else flatten(part, labels, out);
    }
  }
}

const sized = (bytes: readonly number[]): number[] => [...unsigned(bytes.length), ...bytes];
const text = (name: string): number[] => sized([...name].map((character) => character.charCodeAt(0)));
const vector = (items: readonly (readonly number[])[]): number[] => [...unsigned(items.length), ...items.flat()];

/** A module that imports the memory `m.m` and exports its last function as `run`. Functions may call earlier ones. */
export function assemble(functions: readonly Func[], pages: number): Uint8Array {
  const types = functions.map(({ params }) => [0x60, ...vector(new Array(params).fill([I32])), 1, I32]);
  const bodies = functions.map((fn) => fn.bytes());
  return joined([
    [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [vector(types)]),
    ...section(2, [vector([[...text('m'), ...text('m'), 2, 0, ...unsigned(pages)]])]),
    ...section(3, [vector(functions.map((_, index) => unsigned(index)))]),
    ...section(7, [vector([[...text('run'), 0, ...unsigned(functions.length - 1)]])]),
    ...section(10, [unsigned(functions.length), ...bodies.flatMap((body) => [unsigned(body.length), body])]),
  ]);
}

type Pieces = readonly (readonly number[])[];

const lengthOf = (pieces: Pieces): number => pieces.reduce((sum, { length }) => sum + length, 0);
const section = (id: number, pieces: Pieces): Pieces => [[id, ...unsigned(lengthOf(pieces))], ...pieces];

/** Of a long chain there are 100,000 bytes: put together with sized() and vector(), 3000 filters took 0.5 s more of 2.3. */
function joined(pieces: Pieces): Uint8Array {
  const out = new Uint8Array(lengthOf(pieces));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}
