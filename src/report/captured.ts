import { counted } from '../lang/index.ts';
import type { ReasonRow } from './tally.ts';

type At = 'lan' | 'wan' | 'here';

/** Where packets were captured, and which of them came to the hook. */
export interface CapturedRow {
  /** Of all packets, or by interface. */
  readonly at: At | Readonly<Record<string, At>>;
  /** Nobody said it: it was guessed from addresses and names. */
  readonly guessed?: true;
  /** The side of the device whose filters are asked; null: not known. */
  readonly side: 'lan' | 'wan' | null;
  readonly interface?: string;
  /** Packets came without the name of an interface: they count. */
  readonly unnamed?: true;
  /** Interfaces whose packets do not count, the first eight. */
  readonly otherInterfaces?: readonly string[];
  readonly direction: 'in' | 'out' | 'both';
  readonly hosts?: readonly string[];
  /** Packets of which nobody knows which way they went: they are taken to come to the hook. */
  readonly undirected: number;
  /** Packets that have other addresses at the hook than where they were captured. */
  readonly translated: number;
  /** Packets that do not come to the hook, which nothing else counts. */
  readonly elsewhere: readonly ReasonRow[];
}

/** The same as lines for people. */
export function capturedText({
  at,
  guessed,
  side,
  interface: name,
  unnamed,
  otherInterfaces = [],
  hosts,
  undirected,
  translated,
  elsewhere,
}: CapturedRow): string[] {
  const place =
    typeof at === 'string'
      ? placeText(at)
      : Object.entries(at)
          .map(([on, one]) => `${on}=${one}`)
          .join(', ');
  const how = guessed ? ' (guessed: say it with --captured)' : '';
  const only =
    name === undefined
      ? ''
      : `, interface ${name} alone${unnamed ? ' (the capture names none: all packets count)' : ''}`;
  const asked = side === null ? '' : `; the filters are asked on the ${side} side`;
  return [
    `captured: ${place}${how}${only}${asked}`,
    ...(otherInterfaces.length === 0 ? [] : [`interfaces that do not count: ${otherInterfaces.join(', ')}`]),
    ...elsewhere.map(({ reason, packets }) => `not at this hook: ${counted(packets, 'packet')}: ${reason}`),
    ...(translated === 0 ? [] : [`translated on the way to the hook: ${counted(translated, 'packet')}`]),
    ...(undirected === 0
      ? []
      : [
          `${counted(undirected, 'packet')} may go either way, and count as coming here: ${hosts === undefined ? 'tell --hosts or --direction' : 'none of their addresses is in --hosts'}`,
        ]),
  ];
}

const placeText = (at: At): string => (at === 'here' ? 'at this hook' : `on the ${at} side of the router`);
