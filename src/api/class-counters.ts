import { getClassid } from '../lang/index.ts';

/** Packets of each class, from what `tc -s class show` or `tc -s -j class show` printed. null: it is neither. */
export function classCounters(text: string): Map<number, number> | null {
  return text.trimStart().startsWith('[') ? fromJson(text) : fromText(text);
}

/** `class drr 1:6b root …`, and below it ` Sent 98 bytes 1 pkt (…`. */
function fromText(text: string): Map<number, number> | null {
  const counters = new Map<number, number>();
  for (const [, name = '', packets] of text.matchAll(/^class \S+ (\S+) .*\n\s*Sent \d+ bytes (\d+) pkt/gm)) {
    const id = getClassid(name);
    if (id !== undefined) counters.set(id, Number(packets));
  }
  return counters.size > 0 || text.trim() === '' ? counters : null;
}

interface JsonClass {
  readonly handle?: unknown;
  readonly packets?: unknown;
  readonly stats?: { readonly packets?: unknown };
}

function fromJson(text: string): Map<number, number> | null {
  try {
    const counters = new Map<number, number>();
    for (const { handle, packets, stats } of JSON.parse(text) as JsonClass[]) {
      const id = typeof handle === 'string' ? getClassid(handle) : undefined;
      const count = packets ?? stats?.packets;
      if (id !== undefined && typeof count === 'number') counters.set(id, count);
    }
    return counters;
  } catch {
    return null;
  }
}

/** Classes that counted a packet between the two. */
export function risen(before: Map<number, number>, after: Map<number, number>): number[] {
  return [...after].flatMap(([id, packets]) => (packets > (before.get(id) ?? 0) ? [id] : []));
}
