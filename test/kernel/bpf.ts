/** Bytes of a load or store → the size bits of its opcode (BPF_B, BPF_H, BPF_W, BPF_DW). */
const SIZE = { 1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18 } as const;
export type Width = keyof typeof SIZE;

/** include/uapi/linux/bpf.h: BPF_FUNC_* */
const MAP_LOOKUP_ELEM = 1;
const GET_SMP_PROCESSOR_ID = 8;
const KTIME_GET_NS = 5;
const PROBE_READ_KERNEL = 113;
const PSEUDO_MAP_FD = 1;

/**
 * Writes a BPF program, instruction by instruction (Documentation/bpf/standardization/instruction-set.rst). Registers
 * are numbers; 6 to 9 keep their value over calls, 10 is the stack's top.
 */
export class BpfWriter {
  private readonly words: Uint8Array[] = [];
  private readonly jumps: { readonly at: number; readonly label: string }[] = [];
  private readonly labels = new Map<string, number>();

  move(to: number, from: number): this {
    return this.put(0xbf, to, from, 0, 0);
  }

  set(to: number, value: number): this {
    return this.put(0xb7, to, 0, 0, value);
  }

  add(to: number, value: number): this {
    return this.put(0x07, to, 0, 0, value);
  }

  addRegister(to: number, from: number): this {
    return this.put(0x0f, to, from, 0, 0);
  }

  and(to: number, value: number): this {
    return this.put(0x57, to, 0, 0, value);
  }

  load(width: Width, to: number, from: number, offset: number): this {
    return this.put(0x61 | SIZE[width], to, from, offset, 0);
  }

  store(width: Width, to: number, offset: number, from: number): this {
    return this.put(0x63 | SIZE[width], to, from, offset, 0);
  }

  jumpIfZero(register: number, label: string): this {
    return this.jump(0x15, register, 0, label);
  }

  jumpUnlessZero(register: number, label: string): this {
    return this.jump(0x55, register, 0, label);
  }

  jumpIfEqual(a: number, b: number, label: string): this {
    return this.jump(0x1d, a, b, label);
  }

  label(name: string): this {
    this.labels.set(name, this.words.length);
    return this;
  }

  /** r0 = address of the map's entry whose number stands at `key` under the stack's top, or 0. Changes 1 to 5. */
  lookup(map: number, key: number): this {
    this.put(0x18, 1, PSEUDO_MAP_FD, 0, map).put(0, 0, 0, 0, 0);
    return this.move(2, 10).add(2, -key).put(0x85, 0, 0, 0, MAP_LOOKUP_ELEM);
  }

  /** r0 = number of the processor. Changes 1 to 5. */
  processor(): this {
    return this.put(0x85, 0, 0, 0, GET_SMP_PROCESSOR_ID);
  }

  /** Copies `length` bytes from the kernel address in register `from`, plus `offset`, to that in `to` plus `at`. Changes 0 to 5. */
  copy(to: number, at: number, length: number, from: number, offset = 0): this {
    this.move(3, from).add(3, offset).move(1, to).add(1, at).set(2, length);
    return this.put(0x85, 0, 0, 0, PROBE_READ_KERNEL);
  }

  /** r0 = the monotonic clock in nanoseconds. Changes 1 to 5. */
  time(): this {
    return this.put(0x85, 0, 0, 0, KTIME_GET_NS);
  }

  exit(): this {
    return this.set(0, 0).put(0x95, 0, 0, 0, 0);
  }

  /** The program's bytes; maps are named by their numbers until the guest puts in its file descriptors. */
  done(): Buffer {
    for (const { at, label } of this.jumps) {
      const target = this.labels.get(label);
      const word = this.words[at];
      if (target === undefined || word === undefined) throw new Error(`no label ${label}`);
      Buffer.from(word.buffer, word.byteOffset, 8).writeInt16LE(target - at - 1, 2);
    }
    return Buffer.concat(this.words);
  }

  private jump(opcode: number, a: number, b: number, label: string): this {
    this.jumps.push({ at: this.words.length, label });
    return this.put(opcode, a, b, 0, 0);
  }

  private put(opcode: number, to: number, from: number, offset: number, value: number): this {
    const word = Buffer.alloc(8);
    word[0] = opcode;
    word[1] = (from << 4) | to;
    word.writeInt16LE(offset, 2);
    word.writeInt32LE(value | 0, 4);
    this.words.push(word);
    return this;
  }
}
