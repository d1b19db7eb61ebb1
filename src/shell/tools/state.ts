import type { Machine } from '../tool.ts';

/** What the script told about this: the newest last. */
export function keptAs(machine: Machine, key: string): readonly string[] {
  return machine.kept.get(key) ?? [];
}

export function keep(machine: Machine, key: string, lines: readonly string[]): void {
  machine.kept.set(key, lines);
}

export function keepAlso(machine: Machine, key: string, line: string): void {
  keep(machine, key, [...keptAs(machine, key), line]);
}

/** Takes the first of these lines away; false: there is none. */
export function forget(machine: Machine, key: string, line: string): boolean {
  const lines = keptAs(machine, key);
  const at = lines.indexOf(line);
  if (at < 0) return false;
  keep(machine, key, lines.toSpliced(at, 1));
  return true;
}

/** Counts up from 1: for names that must differ. */
export function nextNumber(machine: Machine, key: string): number {
  const number = Number(keptAs(machine, key)[0] ?? 0) + 1;
  keep(machine, key, [String(number)]);
  return number;
}
