import { strerror } from '../errors.ts';
import { type Json, protocolName } from '../lang/index.ts';
import {
  type Codec,
  decode,
  hexOf,
  infoPreference,
  infoProtocol,
  type Message,
  NLM_F,
  NLMSG,
  RTM,
  readAck,
  readTc,
  TCA,
  type TcMessage,
  typeName,
} from '../netlink/index.ts';
import { FLOW } from '../sched/flow/index.ts';
import { findClass, findQdisc } from '../sched/qdisc/index.ts';
import { classidText } from '../u32.ts';

const isClass = (type: number): boolean => type >= RTM.NEWTCLASS && type <= RTM.GETTCLASS;
const isQdisc = (type: number): boolean => type >= RTM.NEWQDISC && type <= RTM.GETQDISC;
const isFilter = (type: number): boolean =>
  (type >= RTM.NEWTFILTER && type <= RTM.GETTFILTER) || (type >= RTM.NEWCHAIN && type <= RTM.GETCHAIN);

/**
 * One netlink message for people: header, struct tcmsg, attributes by name, those nobody knows in hex.
 * Throws KernelError where an attribute is too short to be one.
 */
export function describeMessage(message: Message): Json {
  const { type, flags, seq, pid, payload } = message;
  const head = { type: nameOf(type), flags: flagNames(type, flags), seq, pid };
  if (type === NLMSG.ERROR || type === NLMSG.DONE) {
    const { errno, extack } = readAck(message);
    return { ...head, errno, says: errno === 0 ? 'done' : strerror(errno), extack: extack.message ?? null };
  }
  if (!isFilter(type) && !isClass(type) && !isQdisc(type)) return { ...head, payload: hexOf(payload) };
  const t = readTc(message);
  const { ifindex, handle, parent, info } = t;
  const place = isFilter(type)
    ? {
        handle: `0x${handle.toString(16)}`,
        preference: infoPreference(info),
        protocol: protocolName(infoProtocol(info)),
      }
    : { handle: classidText(handle), info };
  return { ...head, ifindex, parent: classidText(parent), ...place, attributes: attributesOf(type, t) };
}

function nameOf(type: number): string {
  if (type === NLMSG.ERROR) return 'NLMSG_ERROR';
  if (type === NLMSG.DONE) return 'NLMSG_DONE';
  return typeName(type);
}

const NEW_FLAGS = ['REPLACE', 'EXCL', 'CREATE', 'APPEND'] as const;
const GET_FLAGS = ['ROOT', 'MATCH'] as const;
const ACK_FLAGS = ['CAPPED', 'ACK_TLVS'] as const;
const COMMON_FLAGS = ['REQUEST', 'MULTI', 'ACK', 'ECHO', 'DUMP_INTR'] as const;

/** The same bits mean different things in a get, a new and an answer. */
function flagNames(type: number, flags: number): string[] {
  const special = type < 16 ? ACK_FLAGS : (type & 3) === 2 ? GET_FLAGS : NEW_FLAGS;
  return [...COMMON_FLAGS, ...special].filter((name) => (flags & NLM_F[name]) !== 0);
}

function attributesOf(type: number, t: TcMessage): Json {
  const shown: Record<string, Json> = {};
  const attributes: Readonly<Record<string, unknown>> = t.attributes;
  for (const [name, [, codec]] of Object.entries(TCA)) {
    const value = attributes[name];
    if (value === undefined) continue;
    const own = name === 'options' ? optionsCodec(type, t.attributes.kind ?? '') : null;
    shown[name] = own === null ? (codec as Codec<unknown>).show(value) : own.show(decode(own, value as Uint8Array));
  }
  if (t.attributes.unknown !== undefined) {
    shown.unknown = t.attributes.unknown.map(({ type: number, payload }) => ({
      type: number,
      payload: hexOf(payload),
    }));
  }
  return shown;
}

/** What TCA_OPTIONS means for this kind of thing; null: nobody here knows. */
function optionsCodec(type: number, kind: string): Codec<unknown> | null {
  if (isFilter(type)) return kind === 'flow' ? (FLOW as Codec<unknown>) : null;
  return (isClass(type) ? findClass(kind)?.codec : findQdisc(kind)?.codec) ?? null;
}
