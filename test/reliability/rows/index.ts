import type { LaterRow, Row } from '../row.ts';
import { R1 } from './r01-fuzzed-packets.ts';
import { R2 } from './r02-fuzzed-capture-files.ts';
import { R3 } from './r03-malformed-captures.ts';
import { R4 } from './r04-cut-off-captures.ts';
import { R5 } from './r05-netlink-messages.ts';
import { R6 } from './r06-commands-beside-tc.ts';
import { R7 } from './r07-same-everywhere.ts';
import { R8 } from './r08-bytes-outside-a-packet.ts';
import { R9 } from './r09-headers-all-the-way.ts';
import { R10 } from './r10-kernel.ts';
import { R11 } from './r11-hash.ts';
import { R12 } from './r12-boundary.ts';
import { R13 } from './r13-mutants.ts';
import { R14 } from './r14-coverage.ts';
import { R15 } from './r15-lint.ts';
import { R16 } from './r16-ended-while-writing.ts';
import { R17 } from './r17-errors-of-the-system.ts';
import { R18 } from './r18-lanes.ts';
import { R19 } from './r19-soak.ts';
import { R20 } from './r20-memory.ts';
import { R21 } from './r21-times.ts';
import { R22 } from './r22-decompression-bombs.ts';
import { R23 } from './r23-terminal.ts';
import { R24 } from './r24-page.ts';
import { R25 } from './r25-code-generation.ts';
import { R26 } from './r26-server.ts';
import { R27 } from './r27-prototypes.ts';
import { R28 } from './r28-commands.ts';
import { R29 } from './r29-recorder.ts';
import { R30 } from './r30-supply.ts';
import { R31 } from './r31-live.ts';

/** All tests, in the order of their numbers. */
export const ROWS: readonly (Row | LaterRow)[] = [
  R1,
  R2,
  R3,
  R4,
  R5,
  R6,
  R7,
  R8,
  R9,
  R10,
  R11,
  R12,
  R13,
  R14,
  R15,
  R16,
  R17,
  R18,
  R19,
  R20,
  R21,
  R22,
  R23,
  R24,
  R25,
  R26,
  R27,
  R28,
  R29,
  R30,
  R31,
];
