export { type Address, covers, type Prefix, parseAddress, parsePrefix } from '../lang/index.ts';
