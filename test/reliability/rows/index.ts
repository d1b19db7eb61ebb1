import type { LaterRow, Row } from '../row.ts';

/** All tests, in the order of their numbers. */
export const ROWS: readonly (Row | LaterRow)[] = [];
