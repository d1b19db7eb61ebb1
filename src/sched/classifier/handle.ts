import { UsageError } from '../../errors.ts';
import { strtoul } from '../../lang/index.ts';

const LONG_MAX = (1n << 63n) - 1n;

/**
 * The handle of basic and matchall, which tc reads with strtol(): what begins with no number is 0, and only what no
 * long can hold is refused. The low 32 bits count.
 */
export function numericHandle(text: string | null): number {
  if (text === null) return 0;
  const { value, rest } = strtoul(text, 0);
  if (value === undefined && rest === text) return 0;
  const negative = text.trimStart().startsWith('-');
  const magnitude = value === undefined ? LONG_MAX : negative ? BigInt.asUintN(64, -value) : value;
  if (magnitude >= LONG_MAX) throw new UsageError(`Illegal handle "${text}", must be numeric.`);
  return Number(BigInt.asUintN(32, negative ? -magnitude : magnitude));
}
