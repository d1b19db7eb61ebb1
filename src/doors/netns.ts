/** The door cls-flow/netns: the room behind rules for its arguments. */
import {
  anything,
  callback,
  checked,
  checkedClass,
  listOf,
  members,
  object,
  optional,
  orNull,
  text,
  word32,
  yesOrNo,
} from '../argument.ts';
import * as room from '../kernel/index.ts';
import { anEnv, anEraName, aPlace, sets } from './values.ts';

export * from '../kernel/index.ts';

const netnsOptions = members({
  env: anEnv,
  devices: listOf(object),
  userNamespace: optional(yesOrNo),
  hashrnd: optional(callback),
  sets: optional(sets),
  copied: optional(callback),
});

export const Ends = checkedClass(room.Ends, { plan: members({ node: callback, device: callback }) });
export const Netns = checkedClass(room.Netns, { options: netnsOptions });
export const checkSaved = checked(room.checkSaved, { saved: anything, era: anEraName });
export const feedsOf = checked(room.feedsOf, {
  plan: members({
    devices: listOf(
      members({
        name: text,
        ifindex: word32,
        ingress: orNull(members({ lists: listOf(members({ at: text, block: word32 })) })),
      }),
    ),
    blocks: listOf(
      members({
        chains: listOf(members({ protos: listOf(members({ filters: listOf(members({ sendsTo: listOf(word32) })) })) })),
      }),
    ),
  }),
  name: text,
});
export const isList = checked(room.isList, { place: aPlace });
export const majorOf = checked(room.majorOf, { classid: word32 });
export const setsOf = checked(room.setsOf, {
  saved: members({ sets: optional(listOf(members({ index: word32, lines: listOf(text) }))) }),
});
