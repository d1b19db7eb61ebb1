import type { Rule } from '../finding.ts';
import { FT001 } from './ft001-filter-on-a-leaf-class.ts';
import { FT002 } from './ft002-no-handle.ts';
import { FT003 } from './ft003-hash-without-divisor.ts';
import { FT004 } from './ft004-more-classes-than-buckets.ts';
import { FT005 } from './ft005-missing-classes.ts';
import { FT006 } from './ft006-inner-class-in-range.ts';
import { FT007 } from './ft007-counted-in-decimal.ts';
import { FT008 } from './ft008-key-taken-for-another.ts';
import { FT009 } from './ft009-conntrack-has-not-run.ts';
import { FT010 } from './ft010-no-socket-or-route.ts';
import { FT011 } from './ft011-other-protocols-dropped.ts';
import { FT012 } from './ft012-same-name-twice.ts';
import { FT013 } from './ft013-map-without-mask.ts';
import { FT014 } from './ft014-off-by-one.ts';
import { FT015 } from './ft015-kernel-pointer-as-key.ts';
import { FT016 } from './ft016-perturb.ts';
import { FT017 } from './ft017-too-few-buckets.ts';
import { FT018 } from './ft018-operations-reordered.ts';
import { FT019 } from './ft019-shift-above-31.ts';
import { FT020 } from './ft020-user-namespace.ts';
import { FT021 } from './ft021-address-as-addend.ts';
import { FT022 } from './ft022-behind-a-filter-that-takes-all.ts';
import { FT023 } from './ft023-qdisc-without-filters.ts';
import { FT025 } from './ft025-minor-wraps-to-0.ts';
import { FT026 } from './ft026-filter-on-mq.ts';
import { FT027 } from './ft027-ingress-without-action.ts';
import { FT028 } from './ft028-value-0-has-no-class.ts';
import { FT029 } from './ft029-class-loop.ts';
import { FT030 } from './ft030-priority-decides-first.ts';
import { FT031 } from './ft031-match-last.ts';
import { FT032 } from './ft032-missing-default-class.ts';
import { FT033 } from './ft033-root-class-cannot-borrow.ts';
import { FT034 } from './ft034-parent-that-is-not-there.ts';
import { FT035 } from './ft035-sibling-without-leaf-qdisc.ts';
import { FT036 } from './ft036-ifb-that-is-down.ts';
import { FT037 } from './ft037-replace-in-a-loop.ts';
import { FT038 } from './ft038-src-behind-nat.ts';
import { FT039 } from './ft039-nothing-tracks.ts';
import { FT040 } from './ft040-script-ends.ts';
import { FT041 } from './ft041-nothing-has-set-it.ts';
import { REFUSED } from './refused.ts';
import { SYNTAX } from './syntax.ts';

/** Everything that is looked for. A new finding is a file and a row. */
export const RULES: readonly Rule[] = [
  FT001,
  FT002,
  FT003,
  FT004,
  FT005,
  FT006,
  FT007,
  FT008,
  FT009,
  FT010,
  FT011,
  FT012,
  FT013,
  FT014,
  FT015,
  FT016,
  FT017,
  FT018,
  FT019,
  FT020,
  FT021,
  FT022,
  FT023,
  FT025,
  FT026,
  FT027,
  FT028,
  FT029,
  FT030,
  FT031,
  FT032,
  FT033,
  FT034,
  FT035,
  FT036,
  FT037,
  FT038,
  FT039,
  FT040,
  FT041,
  SYNTAX,
  REFUSED,
];
