export { type FilterAt, isDeaf, type Refusal, type Setup as Tree } from './setup.ts';
