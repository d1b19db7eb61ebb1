/** TCA_ACT_STATS nests aside, what in an answer counts time or packets that nobody sent on purpose. */
export function masked(reply: Uint8Array): Buffer {
  const copy = Buffer.from(reply);
  for (let at = 0; at + 16 <= copy.length; ) {
    const length = copy.readUInt32LE(at);
    if (length < 16) break;
    const type = copy.readUInt16LE(at + 4);
    const end = Math.min(at + length, copy.length);
    if (type === RTM_NEWTFILTER) maskFilter(copy, at + 36, end);
    else if (type === RTM_GETACTION) eachAttribute(copy, at + 20, end, maskActions);
    else if (type === RTM_NEWQDISC) eachAttribute(copy, at + 36, end, maskStats);
    at += (length + 3) & ~3;
  }
  return copy;
}

const RTM_NEWQDISC = 36;
const RTM_NEWTFILTER = 44;
const RTM_GETACTION = 50;

type Visit = (copy: Buffer, type: number, at: number, end: number) => void;

function eachAttribute(copy: Buffer, from: number, to: number, visit: Visit): void {
  for (let at = from; at + 4 <= to; ) {
    const length = copy.readUInt16LE(at);
    if (length < 4) return;
    visit(copy, copy.readUInt16LE(at + 2) & 0x3fff, at + 4, Math.min(at + length, to));
    at += (length + 3) & ~3;
  }
}

/** Statistics of a qdisc: neighbour discovery of a real device comes by now and then. */
function maskStats(copy: Buffer, type: number, at: number, end: number): void {
  if (type === 3) copy.fill(0, at, end);
  else if (type === 7) eachAttribute(copy, at, end, (_, __, from, to) => copy.fill(0, from, to));
}

/** The attributes of a filter's options that hold a list of actions, and the options of one: old-style police. */
const ACTIONS_OF: Readonly<Record<string, readonly [act: number, police: number]>> = {
  flow: [9, 10],
  basic: [3, 4],
  matchall: [2, 0],
  fw: [4, 2],
  u32: [7, 6],
  flower: [3, 0],
};

/** TCA_OPTIONS of a filter, behind TCA_KIND. */
function maskFilter(copy: Buffer, from: number, to: number): void {
  let [act, police] = [0, 0];
  eachAttribute(copy, from, to, (_, type, at, end) => {
    if (type === 1) [act, police] = ACTIONS_OF[copy.toString('latin1', at, end - 1)] ?? [0, 0];
    if (type !== 2) return;
    eachAttribute(copy, at, end, (__, option, first, last) => {
      if (option === act) eachAttribute(copy, first, last, maskAction);
      else if (option === police) maskTimes(copy, first, last);
    });
  });
}

function maskActions(copy: Buffer, type: number, at: number, end: number): void {
  if (type === 1) eachAttribute(copy, at, end, maskAction);
}

/** TCA_ACT_OPTIONS of one action. */
function maskAction(copy: Buffer, _: number, at: number, end: number): void {
  eachAttribute(copy, at, end, (__, type, from, to) => {
    if (type === 2) maskTimes(copy, from, to);
  });
}

/** struct tcf_t is the only attribute of an action that is 32 bytes long. */
function maskTimes(copy: Buffer, at: number, end: number): void {
  eachAttribute(copy, at, end, (_, __, from, to) => {
    if (to - from === 32) copy.fill(0, from, to);
  });
}
