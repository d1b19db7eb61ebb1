import type { Fields } from './headers.ts';
import { BATCH, Cell, type Layout } from './layout.ts';
import { type Code, constant, get, load32, set, store32, sub } from './wasm.ts';

/*
 * Packets that belong to rows of large tables are taken in batches: the headers of all are read and put aside, then the
 * rows are fetched, then each packet is classified. Every row is a miss of the cache, and of packets one by one each
 * miss is waited for; fetched in a row, many are under way at once.
 */

/** What is kept of a packet's fields; `captured` follows from them. */
const KEPT = ['frame', 'end', 'length', 'outer', 'vlan', 'network', 'isV6', 'src', 'dst', 'proto', 'ports'] as const;

/** Where what is asked of them stands, and what is behind them: where the record begins, the homes of flow and ticket, and the time (a float). */
export const Slot = { IS_V6: 4 * KEPT.indexOf('isV6'), AT: 44, FLOW: 48, TICKET: 52, NOW: 56 } as const;

export function keepFields(slot: number, fields: Fields): Code {
  return KEPT.map((name, i) => store32(get(slot), 4 * i, get(fields[name])));
}

export function recallFields(slot: number, fields: Fields): Code {
  return [
    KEPT.map((name, i) => set(fields[name], load32(get(slot), 4 * i))),
    set(fields.captured, sub(get(fields.end), get(fields.frame))),
  ];
}

/** Address of the first slot, and of the one behind so many packets. */
export const slotAt = ({ batch }: Layout, packets = 0): Code => constant(batch + packets * BATCH.stride);

/** What is left of a batch is void: its bytes have moved, or the homes in it are those of a smaller table. */
export function dropBatch(words: Int32Array): void {
  words[Cell.SLOTS_END >> 2] = 0;
}
