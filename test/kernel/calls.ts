import type { What } from './note.ts';
import type { Event } from './note-reader.ts';

/** A function that was watched, with all that happened in it; of filters only the end is known. */
export interface Call {
  readonly what: 'xmit' | 'list' | 'filter' | 'enqueue';
  readonly enter: Event;
  readonly leave: Event;
  readonly inner: readonly Call[];
}

const ENDS: Partial<Record<What, Call['what']>> = { 'xmit end': 'xmit', 'list end': 'list', 'enqueue end': 'enqueue' };

/** The events of one processor, put into each other as the functions called each other. */
export function calls(events: readonly Event[]): Call[] {
  const open: { enter: Event; inner: Call[] }[] = [];
  const top: Call[] = [];
  const put = (call: Call): void => void (open.at(-1)?.inner ?? top).push(call);
  for (const event of events) {
    const ended = ENDS[event.what];
    if (event.what === 'filter') put({ what: 'filter', enter: event, leave: event, inner: [] });
    else if (ended === undefined) open.push({ enter: event, inner: [] });
    else {
      const call = open.pop();
      if (call?.enter.what !== ended) throw new Error(`${event.what} without its beginning`);
      put({ what: ended, ...call, leave: event });
    }
  }
  if (open.length > 0) throw new Error(`${open.at(-1)?.enter.what} without an end`);
  return top;
}

/** All calls of a kind, however deep, in the order in which they began. */
export function deep(of: readonly Call[], what: Call['what']): Call[] {
  return of.flatMap((call) => [...(call.what === what ? [call] : []), ...deep(call.inner, what)]);
}
