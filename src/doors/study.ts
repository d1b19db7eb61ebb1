/** The door cls-flow/study: the room behind rules for its arguments. */
import {
  byte,
  callback,
  checked,
  checkedClass,
  count,
  each,
  finite,
  giving,
  listOf,
  made,
  members,
  numbers,
  object,
  oneOf,
  optional,
  orNull,
  type Rule,
  text,
  whole,
  word16,
  word32,
  yesOrNo,
} from '../argument.ts';
import { ArgumentError } from '../errors.ts';
import { Run } from '../run.ts';
import { findQdisc } from '../sched/qdisc/index.ts';
import * as room from '../study/index.ts';
import { anEnv, answering, arithmetic, aTransport, family } from './values.ts';

export * from '../study/index.ts';

/** As many as `--seeds` takes. */
const seedCount = whole(0, 100_000);
const aDivisor = whole(1, 65536);
/** Keys of the flow classifier, a bit each. */
const aKeymask = whole(0, 0x3ffff);
const aRun = made(Run);
const by = oneOf('host', 'dst', 'flow');
/** Classes that are counted in a list of their own; hosts, where the work grows with their number. */
const MOST = 1 << 24;
/** Seeds that are tried in a tenth of a second: who wants all calls for one range after another. */
const MOST_SEEDS = 1 << 24;

const someOf = (item: Rule): Rule =>
  each(listOf(item), (value, field) => {
    if ((value as readonly unknown[]).length === 0) throw new ArgumentError(field, 'expected at least one');
  });

/** A kind of qdisc over which a filter spreads hosts. */
const aTargetKind: Rule = (value, field) => {
  text(value, field);
  if ((findQdisc(value as string)?.targets ?? null) === null) {
    throw new ArgumentError(field, 'no filter spreads hosts over this kind of qdisc');
  }
};
const aBucketSetup = members({
  kind: aTargetKind,
  dev: text,
  keys: text,
  filter: optional(text),
  divisor: aDivisor,
  link: finite,
  shaper: optional(orNull(aTargetKind)),
  tagged: optional(yesOrNo),
});
const wantedSetup = { dev: text, rate: orNull(finite), tagged: yesOrNo };
const aWanted = members({ ...wantedSetup, kind: orNull(aTargetKind), max: count, active: count });
const aProposal = members({
  qdisc: aTargetKind,
  shaper: orNull(aTargetKind),
  keys: text,
  filter: text,
  divisor: aDivisor,
});

const anInstalled = members({
  noun: oneOf('qdisc', 'class', 'filter'),
  kind: text,
  handle: word32,
  parent: word32,
  chain: word32,
  pref: count,
  protocol: count,
  settings: text,
  words: text,
});
const installedList = listOf(anInstalled);
const aSetup = members({ qdiscs: installedList, classes: installedList, filters: installedList, shared: yesOrNo });
const someOrigins = listOf(members({ at: count, words: listOf(text) }));
const origins: Rule = (value, field) => {
  made(Map)(value, field);
  for (const [name, of] of value as ReadonlyMap<unknown, unknown>) {
    text(name, field);
    someOrigins(of, `${field}[${JSON.stringify(name)}]`);
  }
};
const aPlan = each(aSetup, members({ origins, failed: listOf(object), commands: count }));

const aSpread = members({ mean: finite, min: finite, max: finite });
const aCell = members({ divisor: aDivisor, sharing: aSpread, atOnce: finite, worstShare: aSpread });
const aMap = members({ filter: text, divisor: aDivisor, sharing: finite, atOnce: finite, worst: finite });
const aChoice = members({
  keys: text,
  inherent: finite,
  unknowable: finite,
  cells: listOf(aCell),
  map: orNull(aMap),
});
const aSample = members({ keys: made(Int32Array), bucket: count });
const anEndpoint = members({ address: members({ family, words: numbers }), port: orNull(word16) });
const anExpectation = members({
  protocol: orNull(byte),
  source: anEndpoint,
  destination: orNull(anEndpoint),
  classid: orNull(word32),
  end: orNull(oneOf('shaped', 'direct', 'dropped', 'passed')),
});
const aQdisc = members({
  kind: members({ kind: text, buckets: callback, targets: orNull(object) }),
  handle: word32,
  bandCount: count,
});

export const ByHost = checkedClass(room.ByHost, {
  run: aRun,
  options: members({
    by: oneOf('host', 'dst', 'flow', 'subscriber'),
    subscriberPrefix: whole(0, 128),
    exactRows: optional(whole(1, MOST)),
  }),
});
export const Census = checkedClass(room.Census, { limit: whole(0, MOST) });
export const Comparing = checkedClass(room.Comparing, { before: aRun, after: aRun });
export const Expecting = checkedClass(room.Expecting, { run: aRun, expectations: listOf(anExpectation) });
export const HostChance = checkedClass(room.HostChance, {
  takings: made(room.Takings),
  env: anEnv,
  seeds: whole(1, 100_000),
  isWho: callback,
});
export const Observations = checkedClass(room.Observations, { by, masks: listOf(aKeymask), env: anEnv });
export const Takings = checkedClass(room.Takings, { run: aRun, ofRun: optional(yesOrNo) });
export const chanceOfNoCollision = checked(room.chanceOfNoCollision, {
  hosts: whole(0, MOST),
  classes: whole(1, Number.MAX_SAFE_INTEGER),
});
export const diffSetups = checked(room.diffSetups, { plan: aPlan, installed: aSetup, device: text });
export const expectedSharing = checked(room.expectedSharing, { hosts: finite, classes: finite });
export const hashrnds = checked(room.hashrnds, { env: anEnv, count: seedCount, stream: optional(word32) });
export const keysText = checked(room.keysText, { mask: aKeymask });
export const noClassesOf = checked(room.noClassesOf, { qdisc: aQdisc, highest: word16 });
export const parseExpectation = checked(room.parseExpectation, { line: text, tree: yesOrNo });
export const periods = checked(room.periods, { takings: made(room.Takings), run: aRun });
export const planScript: typeof room.planScript = (script, kernel, device, installed) => {
  text(script, 'text');
  callback(kernel, 'kernel');
  text(device, 'device');
  aSetup(installed, 'installed');
  const fresh = giving(kernel, aTransport, 'kernel');
  return room.planScript(script, () => answering(fresh()), device, installed);
};
export const reachableMinors = checked(room.reachableMinors, { f: arithmetic });
export const readSetup: typeof room.readSetup = (transport, ifindex) => {
  aTransport(transport, 'transport');
  word32(ifindex, 'ifindex');
  return room.readSetup(answering(transport), ifindex);
};
export const searchSeeds = checked(room.searchSeeds, {
  samples: someOf(aSample),
  divisor: aDivisor,
  first: word32,
  count: whole(0, MOST_SEEDS),
  left: optional(listOf(count)),
});
export const mostOf = checked(room.mostOf, { kind: aTargetKind, subjects: count, max: count });
export const evenRates = checked(room.evenRates, { link: finite, count });
export const rollbackCommands = checked(room.rollbackCommands, { setup: members({ dev: text }) });
export const setupOf = checked(room.setupOf, { proposal: aProposal, wanted: members(wantedSetup) });
export const setupCommands = checked(room.setupCommands, { setup: aBucketSetup });
export const setupScript = checked(room.setupScript, { setup: aBucketSetup });
export const spreadOverSeeds = checked(room.spreadOverSeeds, {
  takings: made(room.Takings),
  env: anEnv,
  seed: word32,
  count: whole(1, 100_000),
});
export const study = checked(room.study, {
  seen: made(room.Observations),
  divisors: listOf(aDivisor),
  seeds: someOf(word32),
  mostMapped: optional(count),
});
export const weigh = checked(room.weigh, { choices: listOf(aChoice), subjects: count, wanted: aWanted });
export const targetsOf = checked(room.targetsOf, { kind: aTargetKind });
