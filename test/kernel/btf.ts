/** Where a member lies in its struct, from the struct's beginning. */
export interface Field {
  readonly bit: number;
  /** Bits; 0: not a bit field. */
  readonly width: number;
}

interface Type {
  readonly name: string;
  readonly kind: number;
  /** Bytes of a struct; for a member's type, the type it refers to. */
  readonly size: number;
  readonly members: readonly { readonly name: string; readonly type: number; readonly field: Field }[];
}

/** include/uapi/linux/btf.h: BTF_KIND_*, with the bytes that follow a type's three words: a number, or so many a member. */
const INT = 1;
const STRUCT = 4;
const UNION = 5;
const FUNC = 12;
const EXTRA: Readonly<Record<number, { readonly fixed: number; readonly each: number }>> = {
  [INT]: { fixed: 4, each: 0 },
  3: { fixed: 12, each: 0 },
  [STRUCT]: { fixed: 0, each: 12 },
  [UNION]: { fixed: 0, each: 12 },
  6: { fixed: 0, each: 8 },
  13: { fixed: 0, each: 8 },
  14: { fixed: 4, each: 0 },
  15: { fixed: 0, each: 12 },
  17: { fixed: 4, each: 0 },
  19: { fixed: 0, each: 12 },
};
const NOTHING = { fixed: 0, each: 0 };
const MAGIC = 0xeb9f;

/**
 * The type information that a kernel (/sys/kernel/btf/vmlinux) or a module carries; a module's numbers go on where
 * those of `base` end. Documentation/bpf/btf.rst
 */
export class Btf {
  private readonly types: Type[] = [];
  private readonly strings: Buffer;
  private readonly base: Btf | null;

  constructor(bytes: Uint8Array, base: Btf | null = null) {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (buffer.length < 24 || buffer.readUInt16LE(0) !== MAGIC) throw new Error('not BTF of a little-endian machine');
    this.base = base;
    const header = buffer.readUInt32LE(4);
    const [typeAt = 0, typeLength = 0, stringAt = 0, stringLength = 0] = [8, 12, 16, 20].map((at) =>
      buffer.readUInt32LE(at),
    );
    this.strings = buffer.subarray(header + stringAt, header + stringAt + stringLength);
    this.readTypes(buffer.subarray(header + typeAt, header + typeAt + typeLength));
  }

  /** The number of a function, as attach_btf_id takes it. */
  functionId(name: string): number {
    const index = this.types.findIndex((type) => type.kind === FUNC && type.name === name);
    if (index >= 0) return index + this.first;
    if (this.base === null) throw new Error(`no function ${name} in BTF`);
    return this.base.functionId(name);
  }

  sizeOf(struct: string): number {
    return this.struct(struct).size;
  }

  /** A member by name, those of unnamed structs and unions inside included; null: this kernel has none. */
  find(struct: string, member: string): Field | null {
    return this.search(this.struct(struct), member, 0);
  }

  /** Bytes from the struct's beginning to the member. */
  offset(struct: string, member: string): number {
    const field = this.find(struct, member);
    if (field === null || field.width !== 0) throw new Error(`no member ${member} in struct ${struct}`);
    return field.bit / 8;
  }

  /** Number of the first type of its own: 1 (0 is void), or behind the base's. */
  private get first(): number {
    return this.base === null ? 1 : this.base.first + this.base.types.length;
  }

  private get stringsBefore(): number {
    return this.base === null ? 0 : this.base.stringsBefore + this.base.strings.length;
  }

  private readTypes(bytes: Buffer): void {
    for (let at = 0; at + 12 <= bytes.length; ) {
      const info = bytes.readUInt32LE(at + 4);
      const kind = (info >>> 24) & 0x1f;
      const count = info & 0xffff;
      const { fixed, each } = EXTRA[kind] ?? NOTHING;
      const isStruct = kind === STRUCT || kind === UNION;
      this.types.push({
        name: this.string(bytes.readUInt32LE(at)),
        kind,
        size: bytes.readUInt32LE(at + 8),
        members: isStruct ? this.members(bytes, at + 12, count, info >>> 31 === 1) : [],
      });
      at += 12 + fixed + each * count;
    }
  }

  private members(bytes: Buffer, at: number, count: number, bitFields: boolean): Type['members'] {
    return Array.from({ length: count }, (_, i) => {
      const word = bytes.readUInt32LE(at + 12 * i + 8);
      const field = bitFields ? { bit: word & 0xffffff, width: word >>> 24 } : { bit: word, width: 0 };
      return { name: this.string(bytes.readUInt32LE(at + 12 * i)), type: bytes.readUInt32LE(at + 12 * i + 4), field };
    });
  }

  private string(at: number): string {
    if (at < this.stringsBefore) return this.base?.string(at) ?? '';
    const start = at - this.stringsBefore;
    return this.strings.toString('latin1', start, this.strings.indexOf(0, start));
  }

  private struct(name: string): Type {
    const found = this.types.find((type) => type.kind === STRUCT && type.name === name);
    if (found !== undefined) return found;
    if (this.base === null) throw new Error(`no struct ${name} in BTF`);
    return this.base.struct(name);
  }

  private type(number: number): Type | undefined {
    return number < this.first ? this.base?.type(number) : this.types[number - this.first];
  }

  private search(struct: Type, member: string, bit: number): Field | null {
    for (const { name, type, field } of struct.members) {
      if (name === member) return { bit: bit + field.bit, width: field.width };
      if (name !== '') continue;
      const inner = this.type(type);
      const found = inner && this.search(inner, member, bit + field.bit);
      if (found) return found;
    }
    return null;
  }
}
