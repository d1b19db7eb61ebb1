import { isDeepStrictEqual } from 'node:util';
import { describeMessage } from '../../src/command/index.ts';
import { FormatError, KernelError } from '../../src/errors.ts';
import {
  AttrReader,
  AttrWriter,
  decode,
  encode,
  hexOf,
  NLMSG_HDRLEN,
  splitMessages,
  TCA,
} from '../../src/netlink/index.ts';
import { FLOW } from '../../src/sched/flow/index.ts';
import { type freshKernel, tryRequest } from './control.ts';
import type { Random } from './random.ts';

/** A message taken apart: its head, and its attributes as a tree. */
interface Parts {
  readonly head: Uint8Array;
  readonly attributes: readonly Attribute[];
}

interface Attribute {
  /** With its flags. */
  readonly type: number;
  readonly payload: Uint8Array;
  /** What the payload holds if it can be read as attributes; else none. */
  readonly inner: readonly Attribute[];
}

/** Indices of attributes, from the message inwards. */
type Path = readonly number[];

const LONGEST = 64;
const [TCMSG_SIZE, TCAMSG_SIZE] = [20, 4];
const ACTIONS = [48, 49, 50];

/** Each request with each of its attributes at every length from 0 to 64; `seen` holds the attributes that were tried. */
export function* ofEveryLength(request: Uint8Array, seen: Set<string>): Generator<Uint8Array> {
  const { head, attributes } = takenApart(request);
  for (const path of pathsOf(attributes)) {
    const name = `${request[4]} ${nameOf(attributes, path)}`;
    if (seen.has(name)) continue;
    seen.add(name);
    for (let length = 0; length <= LONGEST; length++) {
      for (const fill of [0, 0xff, 0x25]) {
        yield message(head, (w) => write(w, attributes, path, new Uint8Array(length).fill(fill)));
      }
    }
  }
}

/** Bytes put in or left out behind each attribute, so that those behind it stand at no multiple of four. */
export function* misaligned(request: Uint8Array): Generator<Uint8Array> {
  const start = headSize(request);
  const ends: number[] = [];
  for (const r = new AttrReader(request, start); r.next(); ) ends.push(r.end);
  for (const end of ends) {
    for (const by of [1, 2, 3]) {
      yield sized(Buffer.concat([request.subarray(0, end), new Uint8Array(by), request.subarray(end)]));
      yield sized(Buffer.concat([request.subarray(0, end), request.subarray(end + by)]));
    }
  }
}

/** Attributes of one type inside each other, behind a request's head. */
export function nested(request: Uint8Array, type: number, depth: number): Uint8Array {
  let payload: Uint8Array = new Uint8Array();
  for (let i = 0; i < depth; i++) {
    const inside = payload;
    const w = new AttrWriter();
    w.nest(type, () => w.bytes(inside));
    payload = w.done();
  }
  const kind = new AttrWriter();
  kind.put(TCA.kind, 'flow');
  return sized(Buffer.concat([request.subarray(0, headSize(request)), kind.done(), payload]));
}

/** Gives a message to an emulated kernel and to the decoder. Throws what neither may throw. */
export function tryBoth(kernel: ReturnType<typeof freshKernel>, request: Uint8Array): void {
  tryRequest(kernel, request);
  try {
    for (const one of splitMessages(request)) describeMessage(one);
  } catch (error) {
    if (!(error instanceof KernelError || error instanceof FormatError)) throw error;
  }
}

/** A random filter written and read: all of it comes back, what no table knows too. */
export function tryRoundTrip(random: Random): void {
  const filter = FLOW.sample((bound) => random.below(bound));
  const bytes = encode(FLOW, filter);
  const read = decode(FLOW, bytes);
  if (!isDeepStrictEqual(read, filter)) throw new Error(`read as ${JSON.stringify(read)}: ${hexOf(bytes)}`);
  const again = encode(FLOW, read);
  if (hexOf(again) !== hexOf(bytes)) throw new Error(`written as ${hexOf(again)}: ${hexOf(bytes)}`);
}

function headSize(request: Uint8Array): number {
  return NLMSG_HDRLEN + (ACTIONS.includes(request[4] ?? 0) ? TCAMSG_SIZE : TCMSG_SIZE);
}

function takenApart(request: Uint8Array): Parts {
  const start = headSize(request);
  return { head: request.subarray(0, start), attributes: attributesOf(request.subarray(start)) };
}

/** Empty if the bytes are no attributes to the last one. */
function attributesOf(bytes: Uint8Array): Attribute[] {
  const found: Attribute[] = [];
  const reader = new AttrReader(bytes);
  while (reader.next()) {
    const payload = reader.payload();
    found.push({ type: reader.type | reader.flags, payload, inner: attributesOf(payload) });
  }
  return reader.rest === 0 ? found : [];
}

function* pathsOf(attributes: readonly Attribute[]): Generator<Path> {
  for (const [i, { inner }] of attributes.entries()) {
    yield [i];
    for (const path of pathsOf(inner)) yield [i, ...path];
  }
}

/** Types from the outermost in, each with the kind that stands beside it, if one does. */
function nameOf(attributes: readonly Attribute[], [first = 0, ...rest]: Path): string {
  const { type = 0, inner = [] } = attributes[first] ?? {};
  const kind = attributes.find((each) => each.type === 1)?.payload.subarray(0, 12) ?? new Uint8Array();
  const name = `${type}/${hexOf(kind)}`;
  return rest.length === 0 ? name : `${name} ${nameOf(inner, rest)}`;
}

function write(w: AttrWriter, attributes: readonly Attribute[], [first, ...rest]: Path, payload: Uint8Array): void {
  for (const [i, attribute] of attributes.entries()) {
    w.nest(attribute.type, () => {
      if (i !== first) w.bytes(attribute.payload);
      else if (rest.length === 0) w.bytes(payload);
      else write(w, attribute.inner, rest, payload);
    });
  }
}

function message(head: Uint8Array, attributes: (w: AttrWriter) => void): Uint8Array {
  const w = new AttrWriter();
  w.bytes(head);
  attributes(w);
  return sized(w.done());
}

/** The same with the length that it has. */
function sized(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  new DataView(copy.buffer).setUint32(0, copy.length, true);
  return copy;
}
