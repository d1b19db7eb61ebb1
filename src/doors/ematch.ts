/** The door cls-flow/ematch: the room behind rules for its arguments. */
import {
  bytes,
  callback,
  checked,
  checkedClass,
  count,
  iterable,
  listOf,
  members,
  object,
  optional,
  orNull,
  text,
  whole,
  word16,
  word32,
  yesOrNo,
} from '../argument.ts';
import * as room from '../sched/ematch/index.ts';
import { aCodec, anEnv, aWorld, family, linesIn } from './values.ts';

export * from '../sched/ematch/index.ts';

const anArgument = members({ quoted: yesOrNo, bytes });
const anEmatch = members({ kind: text, id: word16, build: callback, dump: callback, print: callback, speak: callback });

export const Args = checkedClass(room.Args, { list: listOf(anArgument) });
export const ArgsError = checkedClass(room.ArgsError, {
  message: text,
  shown: orNull(listOf(anArgument)),
  mark: optional(anArgument),
  bare: optional(yesOrNo),
});
export const IpSet = checkedClass(room.IpSet, {
  index: word32,
  header: members({ name: text, type: object, family, netmask: whole(0, 128) }),
});
export const compileMatch = checked(room.compileMatch, {
  payload: bytes,
  world: aWorld,
  env: anEnv,
  kinds: optional(listOf(anEmatch)),
});
export const dumpMatch = checked(room.dumpMatch, { payload: bytes, kinds: optional(listOf(anEmatch)) });
export const ematch = checked(room.ematch, {
  kind: members({ kind: text, id: word16, codec: aCodec, speak: callback, compile: callback }),
});
export const matchPart = checked(room.matchPart, { world: aWorld, kinds: optional(listOf(anEmatch)) });
export const numberOf = checked(room.numberOf, { argument: anArgument });
export const textOf = checked(room.textOf, { argument: anArgument });
export const parseSets = checked(room.parseSets, { text, indexOf: callback, name: optional(orNull(text)) });
export const parseSetLines: typeof room.parseSetLines = (lines, indexOf, name, most) => {
  iterable(lines, 'lines');
  callback(indexOf, 'indexOf');
  optional(orNull(text))(name, 'name');
  optional(count)(most, 'most');
  return room.parseSetLines(linesIn(lines), indexOf, name, most);
};
export const planMatch = checked(room.planMatch, { payload: bytes, kinds: optional(listOf(anEmatch)) });
