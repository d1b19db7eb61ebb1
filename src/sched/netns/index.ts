/** The kernel we emulate: request datagrams in, reply datagrams out; packets in, verdicts out. */
export type { DeviceSpec } from './device.ts';
export { Netns, type NetnsOptions, type Place, type SavedNetns } from './netns.ts';
export type { FilterName } from './state.ts';
