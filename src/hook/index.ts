/**
 * From where a packet was captured to the hook where filters are asked: which packets come there, which way they go, and
 * what their headers are there.
 */

export { type Captured, Crossing, type CrossingOptions, type HookSide, NOT_AT_HOOK } from './crossing.ts';
export { CaptureSample, type Guess, guessCaptured } from './guess.ts';
