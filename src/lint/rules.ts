import type { Rule } from './finding.ts';
import { FT001 } from './ft001.ts';
import { FT002 } from './ft002.ts';
import { FT003 } from './ft003.ts';
import { FT004 } from './ft004.ts';
import { FT005 } from './ft005.ts';
import { FT006 } from './ft006.ts';
import { FT007 } from './ft007.ts';
import { FT008 } from './ft008.ts';
import { FT009 } from './ft009.ts';
import { FT010 } from './ft010.ts';
import { FT011 } from './ft011.ts';
import { FT012 } from './ft012.ts';
import { FT013 } from './ft013.ts';
import { FT014 } from './ft014.ts';
import { FT015 } from './ft015.ts';
import { FT016 } from './ft016.ts';
import { FT017 } from './ft017.ts';
import { FT018 } from './ft018.ts';
import { FT019 } from './ft019.ts';
import { FT020 } from './ft020.ts';
import { FT021 } from './ft021.ts';
import { FT022 } from './ft022.ts';
import { FT023 } from './ft023.ts';
import { FT025 } from './ft025.ts';
import { FT026 } from './ft026.ts';
import { FT027 } from './ft027.ts';
import { FT028 } from './ft028.ts';
import { FT029 } from './ft029.ts';
import { FT030 } from './ft030.ts';
import { FT031 } from './ft031.ts';
import { FT032 } from './ft032.ts';
import { REFUSED, SYNTAX } from './refusals.ts';

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
  SYNTAX,
  REFUSED,
];
