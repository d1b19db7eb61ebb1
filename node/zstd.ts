import { ZSTDDecoder } from 'zstddec/stream';
import { LimitError } from '../src/errors.ts';

/*
 * The reference library as WebAssembly, on every Node, so that a damaged block is refused everywhere or nowhere. node:zlib
 * (from Node 22.15) has the same library compiled for the processor, where it takes some blocks that it refuses here: the
 * loops that decode literals differ. fzstd takes still more of them.
 */

/** What is called of the library (zstd.h): numbers are sizes, errors, and places in its memory. */
interface Zstd {
  readonly memory: { readonly buffer: ArrayBuffer };
  malloc(size: number): number;
  free(place: number): void;
  ZSTD_createDCtx(): number;
  ZSTD_freeDCtx(context: number): void;
  ZSTD_decompressStream(context: number, output: number, input: number): number;
}

/** ZSTD_error_memory_allocation (zstd_errors.h), as the 32 bits of a size_t. */
const NO_MEMORY = -64;

/** Bytes out at once: ZSTD_DStreamOutSize(), a whole block. */
const OUTPUT = 128 << 10;
/** ZSTD_outBuffer and ZSTD_inBuffer, one after the other: three words each. */
const BUFFERS = 24;
const OUTPUT_FILLED = 8;
const INPUT = 12;
const INPUT_TAKEN = 20;

let loaded: Promise<Zstd> | null = null;

/** The package's own streams want the next slice before the last one is done with. It hands over the instance in between. */
function load(): Promise<Zstd> {
  return new Promise((resolve, reject) => {
    class Decoder extends ZSTDDecoder {
      override _init(made: Parameters<ZSTDDecoder['_init']>[0]): void {
        super._init(made);
        resolve(made.instance.exports as unknown as Zstd);
      }
    }
    new Decoder()
      .init()
      .catch(() => reject(new LimitError(0, 'zstd data: no memory for WebAssembly here, decompress it before')));
  });
}

/** All that the slices give, in pieces of at most a block; all of a slice before the next is asked for. */
export async function* unzstd(compressed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  loaded ??= load();
  const stream = new Stream(await loaded);
  try {
    for await (const slice of compressed) yield* stream.pieces(slice);
  } finally {
    stream.close();
  }
}

class Stream {
  private readonly zstd: Zstd;
  private readonly context: number;
  private readonly output: number;
  private readonly buffers: number;

  constructor(zstd: Zstd) {
    this.zstd = zstd;
    this.context = zstd.ZSTD_createDCtx();
    this.output = zstd.malloc(OUTPUT);
    this.buffers = zstd.malloc(BUFFERS);
  }

  *pieces(slice: Uint8Array): Generator<Uint8Array> {
    const { zstd } = this;
    const input = zstd.malloc(slice.length);
    try {
      new Uint8Array(zstd.memory.buffer, input, slice.length).set(slice);
      for (let taken = 0, size = OUTPUT; taken < slice.length || size === OUTPUT; ) {
        [taken, size] = this.step(input, taken, slice.length);
        if (size > 0) yield new Uint8Array(zstd.memory.buffer, this.output, size).slice();
      }
    } finally {
      zstd.free(input);
    }
  }

  /** Bytes of the slice that were taken so far, and bytes that are there now. */
  private step(input: number, taken: number, length: number): readonly [number, number] {
    const { zstd, context, output, buffers } = this;
    const words = [output, OUTPUT, 0, input, length, taken];
    const before = new DataView(zstd.memory.buffer, buffers);
    for (const [i, word] of words.entries()) before.setUint32(4 * i, word, true);
    const result = zstd.ZSTD_decompressStream(context, buffers, buffers + INPUT);
    if (result === NO_MEMORY) throw new LimitError(0, 'zstd data: no memory for its window here, decompress it before');
    if (result < 0) throw new Error(`zstd error ${-result}`);
    // Its memory may have grown, and been moved.
    const after = new DataView(zstd.memory.buffer, buffers);
    return [after.getUint32(INPUT_TAKEN, true), after.getUint32(OUTPUT_FILLED, true)];
  }

  close(): void {
    const { zstd } = this;
    zstd.ZSTD_freeDCtx(this.context);
    zstd.free(this.output);
    zstd.free(this.buffers);
  }
}
