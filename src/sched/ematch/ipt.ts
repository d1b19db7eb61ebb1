import { Errno, KernelError } from '../../errors.ts';
import { bytes, type Decoded, string, table, u8, u32 } from '../../netlink/index.ts';
import { type Args, ArgsError, textOf } from './args.ts';
import type { EmatchKind } from './kind.ts';

/** include/uapi/linux/tc_ematch/tc_em_ipt.h: TCA_EM_IPT_* */
const TCA_EM_IPT = {
  hook: [1, u32],
  name: [2, string],
  revision: [3, u8],
  nfproto: [4, u8],
  data: [5, bytes],
} as const;
const CODEC = table(TCA_EM_IPT);
type Ipt = Decoded<typeof TCA_EM_IPT>;

const PRE_ROUTING = 0;
const NFPROTO_IPV4 = 2;
const NFPROTO_IPV6 = 10;

/** net/sched/em_ipt.c: em_ipt_xt_matches[] — the only two xtables matches there. */
function isKnown({ hook, name, revision = 0 }: Ipt): boolean {
  if (name === 'policy') return revision === 0 && hook === PRE_ROUTING;
  return name === 'addrtype' && revision === 1;
}

/** iproute2 tc/em_ipt.c: em_ipt_parse_eopt_argv() — as far as it goes where no xtables match is installed. */
function refusal(args: Args): ArgsError {
  for (let arg = args.next(); arg !== undefined; arg = args.next()) {
    const word = textOf(arg);
    if (word === '-6' || word === '--ipv6') continue;
    if (word !== '-m' && word !== '--match') break;
    const name = args.next();
    if (name !== undefined) return new ArgsError(` failed to find match ${textOf(name)}\n`, null, undefined, true);
  }
  return new ArgsError(' failed to parse parameters (ipt)', null, undefined, true);
}

/** xtables matches in an ematch: known by name and to netlink, but neither spoken nor run here. */
export const ipt: EmatchKind<Ipt> = {
  kind: 'ipt',
  id: 9,
  usage: 'Usage: ipt([-6] -m MATCH OPTIONS...)',
  codec: CODEC,
  scope: () => 'packet',
  speak(args) {
    throw refusal(args);
  },
  dump: (value, w) => CODEC.write(value, w),
  print: () => false,
  compile(value) {
    const { hook, name, nfproto, data } = value;
    const complete = hook !== undefined && name !== undefined && data !== undefined;
    const family = nfproto === NFPROTO_IPV4 || nfproto === NFPROTO_IPV6;
    if (!complete || !family || !isKnown(value)) throw new KernelError(Errno.EINVAL);
    throw new KernelError(Errno.EOPNOTSUPP, `ematch ipt with match "${name}" cannot be emulated`);
  },
};
