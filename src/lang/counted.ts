/** `1 packet`, `2 packets`, `3 classes`: a number with its noun, which is given for one. */
export function counted(count: number, noun: string): string {
  if (count === 1 || UNCOUNTED.has(noun)) return `${count} ${noun}`;
  return `${count} ${noun}${/(?:s|x|ch)$/.test(noun) ? 'es' : 's'}`;
}

/** Nouns that stay as they are. */
const UNCOUNTED: ReadonlySet<string> = new Set(['advice']);

/** `1,234,567`: for people to read. */
export const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

/** `1,234 packets`: the same with its noun. */
export const groupedCount = (count: number, noun: string): string =>
  `${grouped(count)}${counted(count, noun).slice(String(count).length)}`;
