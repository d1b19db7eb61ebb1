import { describe, expect, it } from 'vitest';
import {
  add,
  assemble,
  block,
  branch,
  branchIf,
  type Code,
  call,
  constant,
  Func,
  get,
  Label,
  lessThan,
  load32,
  loop,
  result,
  rotateLeft,
  select,
  set,
  shiftRight,
  store32,
  when,
} from './wasm.ts';

/** Runs the last of some functions. */
function run(functions: readonly Func[], ...args: number[]): number {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const module = new WebAssembly.Module(assemble(functions, 1) as BufferSource);
  const { run: made } = new WebAssembly.Instance(module, { m: { m: memory } }).exports;
  return (made as (...numbers: number[]) => number)(...args);
}

function func(params: number, body: (f: Func) => Code): Func {
  const f = new Func(params);
  f.body = body(f);
  return f;
}

describe('the assembler', () => {
  it.each([0, 1, 63, 64, -1, -64, -65, 8191, 0x7fffffff, -0x80000000, 0xdeadbeef | 0])(
    'writes %i as LEB128',
    (number) => {
      expect(run([func(0, () => constant(number))])).toBe(number);
    },
  );

  it('counts with a loop, out of a block', () => {
    // The sum of 1 … n, left at 100 or more.
    const sum = func(1, (f) => {
      const [total, i] = [f.local(), f.local()];
      const [out, next] = [new Label(), new Label()];
      return [
        block(out, [
          loop(next, [
            set(i, add(get(i), constant(1))),
            set(total, add(get(total), get(i))),
            branchIf(out, lessThan(constant(99), get(total))),
            branchIf(next, lessThan(get(i), get(0))),
          ]),
        ]),
        get(total),
      ];
    });
    expect([run([sum], 4), run([sum], 13), run([sum], 1000)]).toEqual([10, 91, 105]);
  });

  it('finds a label through the blocks between', () => {
    const f = func(1, () => {
      const outer = new Label();
      return [
        block(outer, [block(new Label(), [when(get(0), branch(outer), result(constant(1)))]), result(constant(2))]),
        constant(3),
      ];
    });
    expect([run([f], 0), run([f], 7)]).toEqual([1, 3]);
  });

  it('calls an earlier function with the words of a later one, unsigned where it says so', () => {
    const half = func(1, () => shiftRight(get(0), constant(1)));
    const twice = func(2, () => call(0, select(get(1), get(0), rotateLeft(get(0), constant(1)))));
    expect([run([half, twice], -2, 1), run([half, twice], -2, 0)]).toEqual([0x7fffffff, 0x7ffffffe]);
  });

  it('keeps what it stored at an address and an offset', () => {
    const f = func(1, () => [store32(constant(300), 1000, get(0)), load32(constant(1300))]);
    expect(run([f], 123456)).toBe(123456);
  });
});
