import { bytes } from '../argument.ts';
import { type CaptureReader, type Cut, Frame, openCapture } from '../capture/index.ts';
import type { Engine, EngineOptions, LaneWork } from '../engine/index.ts';
import { UsageError } from '../errors.ts';
import { NONE } from '../kernel/index.ts';
import { type Run, reasonOf } from '../run.ts';

export type { LaneWork } from '../engine/index.ts';

/** `auto`: compiled where it can be. */

export type EngineName = 'auto' | 'plain' | 'compiled';

/** Bytes that are pushed at once: a larger piece would have the reader's window grow out of the engine's memory. */
export const PIECE = 256 << 10;
/** Bytes that are waited for: a loop that begins for every packet or two is slow. */
const ENOUGH = 64 << 10;

/** Makes the compiled engine, or says why there is none. */
export type MakeEngine = (options: EngineOptions) => Engine | string;

/**
 * Captures through a run, by whichever engine may: here alone it is chosen. The compiled engine takes the packets that
 * it knows, many at once; the plain one all others, one by one, and everything where `why` says so.
 */
export class Replaying {
  private readonly refusal: string | null;
  private readonly run: Run;
  private readonly engine: Engine | null;
  private readonly frame = new Frame();
  private readonly each: ((frame: Frame) => void) | null;
  /** Packets that each engine took. */
  readonly packets = { compiled: 0, plain: 0 };
  private reader: CaptureReader | null = null;
  /** Bytes that were pushed and not yet looked at. */
  private waiting = 0;
  /** The packet that was given back last. */
  private readonly given: { reader: CaptureReader | null; offset: number } = { reader: null, offset: -1 };

  /**
   * `each`: what is to be done with every packet instead of Run.step(). Throws the UsageError of `compiled` where it
   * cannot be.
   */
  constructor(run: Run, wanted: EngineName, each: ((frame: Frame) => void) | null, make: MakeEngine | null) {
    const one = each === null ? null : 'packets are looked at one by one';
    const engine = wanted === 'plain' || make === null ? 'it was asked for' : (one ?? engineOf(run, make));
    this.run = run;
    this.each = each;
    this.engine = typeof engine === 'string' ? null : engine;
    this.refusal = typeof engine === 'string' ? engine : null;
    if (run.sharing !== null) run.sharing.keeper = this.engine?.keeper ?? null;
    if (wanted === 'compiled' && this.why !== null) throw new UsageError(`not possible here: ${this.why}`);
  }

  /** Why packets are left to the plain engine altogether; null: they are not. */
  get why(): string | null {
    return this.refusal ?? this.engine?.problem ?? null;
  }

  /** What a capture's reader is to begin with. */
  get room(): Uint8Array | undefined {
    return this.engine?.room;
  }

  /**
   * The next bytes of a capture, in chunks of any size; they are copied. Small ones are collected: packets are counted
   * once there are some hundred of them, or at finish(). Throws a FormatError where the capture is broken.
   */
  push(chunk: Uint8Array): void {
    bytes(chunk, 'chunk');
    this.reader ??= openCapture(this.room);
    if (chunk.length <= PIECE) this.pushPiece(this.reader, chunk);
    else for (let at = 0; at < chunk.length; at += PIECE) this.pushPiece(this.reader, chunk.subarray(at, at + PIECE));
  }

  private pushPiece(reader: CaptureReader, piece: Uint8Array): void {
    reader.push(piece);
    this.waiting += piece.length;
    if (this.waiting >= ENOUGH) this.takeWaiting(reader);
  }

  /** The capture is over; the next push() begins another. Returns where it was cut off, if it was. */
  finish(): Cut | null {
    const { reader } = this;
    if (reader === null) return null;
    reader.finish();
    this.takeWaiting(reader);
    this.settle();
    this.reader = null;
    return reader.cut;
  }

  private takeWaiting(reader: CaptureReader): void {
    this.waiting = 0;
    this.take(reader);
  }

  /** Classifies every packet that the reader has. */
  take(reader: CaptureReader): void {
    const { run, engine } = this;
    do {
      // The first packet of all sets the clock.
      if (engine !== null && run.number > 0) this.takeCompiled(engine, reader);
    } while (this.takePlain(reader));
  }

  private takeCompiled(engine: Engine, reader: CaptureReader): void {
    const packets = engine.run(reader, this.run.began);
    this.run.number += packets;
    this.packets.compiled += packets;
  }

  /**
   * Has the plain engine classify the record that the reader has come to; false: there is none. What it taught the other
   * one learns: seeds may be new, and where packets of its class end is known now.
   */
  takePlain(reader: CaptureReader): boolean {
    const { run, engine, each, frame } = this;
    const { offset } = reader;
    if (!reader.next(frame)) return false;
    this.packets.plain++;
    if (each !== null) {
      each(frame);
      return true;
    }
    const isPrepared = this.given.reader === reader && this.given.offset === offset;
    if (isPrepared) run.number++;
    else this.prepare(frame);
    if (engine?.wantsConnection && !isPrepared && run.reason === null) this.giveBack(reader, offset);
    else {
      run.conclude();
      if (engine !== null) this.teach(engine);
    }
    return true;
  }

  private prepare(frame: Frame): void {
    this.run.prepare(frame);
    // From the first full table on.
    this.engine?.assume(this.run.assumed, this.run);
  }

  /**
   * The prepared packet lacked only its connection: the engine takes it after all (7.6 s instead of 11.9 where 8.4 of ten
   * million packets were the tracker's). If it does not, the packet comes back, and is not tracked a second time.
   */
  private giveBack(reader: CaptureReader, offset: number): void {
    const { run, engine } = this;
    const { window } = reader;
    if (engine === null || window === null) return;
    window.at -= reader.offset - offset;
    run.number--;
    this.packets.plain--;
    engine.giveConnection(run.packet, window.at);
    this.given.reader = reader;
    this.given.offset = offset;
  }

  private teach(engine: Engine): void {
    const { end, reason, classid, options, packet } = this.run;
    engine.afterPlain(options.clock.now);
    if (end !== NONE) engine.learn(reason, classid, end, packet.wayRests);
  }

  /** What another thread needs for a part of the capture; null: all packets must go one after the other. */
  lane({ layout }: CaptureReader): LaneWork | null {
    return layout === null || this.run.number === 0 ? null : (this.engine?.lane(layout) ?? null);
  }

  /** Takes over what another thread counted: so many packets, in its memory. */
  takeLane(packets: number, memory: ArrayBuffer): void {
    this.run.number += packets;
    this.packets.compiled += packets;
    this.engine?.settleLane(memory, this.run);
  }

  /** Brings the run's counts up to date. */
  settle(): void {
    this.engine?.settle(this.run);
  }
}

function engineOf(run: Run, make: MakeEngine): Engine | string {
  const options = optionsOf(run, run.fates !== null);
  return typeof options === 'string' ? options : make(options);
}

/** What an engine for the run is made of, or why there is none. `fates`: it is to be told where packets end. */
export function optionsOf(run: Run, fates: boolean): EngineOptions | string {
  const { env, known, device, metadata, sharing, crossing } = run.options;
  if (crossing?.takesAll === false) return 'packets are told apart by where they were captured';
  const tracker = run.tracks ? run.options.tracker : null;
  if (tracker !== null && device.hook === 'ingress') return 'connections are looked up at ingress';
  if (metadata.all !== null || metadata.byPacket.size > 0 || metadata.byPrefix.length > 0) return 'metadata was told';
  if (run.options.marks != null) return "the script's rules write marks";
  const protos = run.kernel.netns.protos(run.kernel.place);
  if (protos === null) return 'several lists of filters are asked';
  return { env, known, device, protos, sharing, assumed: run.assumed, reasonOf, fates, tracker };
}
