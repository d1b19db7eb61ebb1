/** Rules for the objects that several doors take. */
import {
  bytes,
  callback,
  checkSpan,
  count,
  each,
  either,
  finite,
  giving,
  isPart,
  iterable,
  listOf,
  made,
  members,
  numbers,
  object,
  oneOf,
  optional,
  orNull,
  type Rule,
  type Span,
  text,
  whole,
  word16,
  word32,
  yesOrNo,
} from '../argument.ts';
import { Frame } from '../capture/index.ts';
import type { Transport } from '../command/index.ts';
import { ERAS, type Era } from '../era.ts';
import { ArgumentError } from '../errors.ts';
import { Netns } from '../kernel/index.ts';
import { Printer, Words } from '../lang/index.ts';
import { AttrWriter } from '../netlink/index.ts';
import { Ct, FlowKeys, Packet, PrefixRules } from '../packet/index.ts';

export const aSipKey = members({ k0lo: word32, k0hi: word32, k1lo: word32, k1hi: word32 });

/** The name of a row; listed when it is called, so that who bundles a door without it need not keep the rows. */
export const anEraName: Rule = (value, field) => oneOf(...Object.keys(ERAS))(value, field);

/** A row of ERAS. */
export const anEra: Rule = (value, field) => {
  object(value, field);
  if (!Object.values(ERAS).includes(value as Era)) throw new ArgumentError(field, `expected a row of ERAS`);
};

export const anEnv = members({
  now: callback,
  random: callback,
  hz: whole(1, 1_000_000),
  era: anEra,
  rxhashKey: aSipKey,
  foldKey: aSipKey,
});

export const aClock = members({ now: finite });

const within: Rule = (value, field) => checkSpan(value as Span, field);

/** What a reader fills: a frame that is right is checked quickly. */
export const aFrame: Rule = (value, field) => {
  if (!(value instanceof Frame) || !isFrame(value)) wrongFrame(value, field);
};
const isFrame = ({ data, at, end, length, linkType, seconds, nanoseconds }: Frame): boolean =>
  data instanceof Uint8Array &&
  isPart(at, end, data.length) &&
  isPart(0, length, Number.MAX_SAFE_INTEGER) &&
  isPart(0, linkType, Number.MAX_SAFE_INTEGER) &&
  Number.isFinite(seconds) &&
  Number.isFinite(nanoseconds);
const wrongFrame = each(
  members({ data: bytes, linkType: count, seconds: finite, nanoseconds: finite, length: count }),
  within,
);

/** A Packet whose positions are in its bytes. */
export const aPacket: Rule = (value, field) => {
  if (!isSound(value)) unsound(value, field);
};

/** The same, quickly. */
const isSound = (value: unknown): boolean =>
  value instanceof Packet &&
  value.data instanceof Uint8Array &&
  isPart(value.head, value.end, value.data.length) &&
  isPart(value.at, value.end, value.data.length) &&
  Number.isFinite(value.mac) &&
  Number.isFinite(value.network) &&
  Number.isFinite(value.transport);

const positions = members({ data: bytes, mac: finite, network: finite, transport: finite });
const unsound = each(made(Packet), positions, (value, field) => {
  const packet = value as Packet;
  within(packet, field);
  whole(0, packet.end)(packet.head, `${field}.head`);
});
export const flowKeys = made(FlowKeys);
export const aCt = made(Ct);
export const words = made(Words);
export const printer = made(Printer);
export const writer = made(AttrWriter);
export const aNetns = made(Netns);

export const aDevice = members({
  hook: oneOf('egress', 'ingress'),
  vlan: oneOf('offload', 'inband'),
});

/** A number of a key of the flow classifier. */
export const aKey = whole(0, 31);
export const known = members({ rxhashKey: yesOrNo, foldKey: yesOrNo });

/** The numbers that turn key values into a class id. */
export const arithmetic = members({
  mode: oneOf(0, 1),
  nkeys: whole(0, 32),
  mask: word32,
  xor: word32,
  rshift: word32,
  addend: word32,
  divisor: word32,
  baseclass: word32,
  hashrnd: word32,
});
export const aFlowFilter = each(arithmetic, members({ keymask: word32, keys: listOf(aKey), perturbPeriod: finite }));

const optionalWord = optional(word32);
const optionalBytes = optional(bytes);
/** What readFlowOptions() gives. */
export const flowOptions = members({
  keys: optionalWord,
  mode: optionalWord,
  baseclass: optionalWord,
  rshift: optionalWord,
  addend: optionalWord,
  mask: optionalWord,
  xor: optionalWord,
  divisor: optionalWord,
  perturb: optionalWord,
  police: optionalBytes,
  ematches: optionalBytes,
  act: optionalBytes,
  unknown: optional(listOf(members({ type: word16, payload: bytes }))),
});

const part = members({ speak: callback, print: callback });
export const flowParts = members({ match: part, police: part, action: part });

/** One text or its words. */
export const spec = either((value) => Array.isArray(value), listOf(text), text);

/** The network namespace around a filter. */
export const aWorld = members({ device: callback, set: callback, action: callback });
export const sets = listOf(members({ index: word32, name: text, has: callback }));
export const aMetadata = members({
  all: orNull(callback),
  byPacket: made(Map),
  byPrefix: made(PrefixRules),
});
export const aResult = members({ classid: word32, handle: word32 });

/** A message of netlink. */
export const aMessage = members({
  type: word16,
  flags: word16,
  seq: word32,
  pid: word32,
  payload: bytes,
});
export const aCodec = members({ fits: callback, read: callback, write: callback, show: callback });
export const fixedCodec = each(aCodec, members({ size: count }));

/** An address prefix. */
export const aPrefix = members({ address: members({ family: oneOf(4, 6), words: numbers }), length: whole(0, 128) });
export const family = oneOf(4, 6);

export const aTransport = members({
  request: callback,
  links: members({ index: callback, name: callback }),
  set: optional(callback),
});
/** The same lines; one that is no text is refused when it comes. */
export function* linesIn(lines: Iterable<string>): Generator<string> {
  iterable(lines, 'lines');
  let at = 0;
  for (const line of lines) {
    if (typeof line !== 'string') text(line, `lines[${at}]`);
    at++;
    yield line;
  }
}

/** The same transport, and what it answers is checked. */
export const answering = (transport: Transport): Transport => ({
  request: giving((datagram: Uint8Array) => transport.request(datagram), listOf(bytes), 'transport.request'),
  links: transport.links,
  ...(transport.set === undefined ? {} : { set: (key) => transport.set?.(key) ?? null }),
});
export const aPlace = members({
  dev: text,
  hook: oneOf('egress', 'clsact-egress', 'ingress'),
  parent: optional(word32),
});
