import { hasSpi, ipProtocolName } from './headers.ts';

/**
 * `tcp 192.0.2.1:80 > 192.0.2.2:1234`, or `esp 192.0.2.1 > 192.0.2.2 spi 0x1234`: what describeFrame() takes, too.
 * `ports`: as dissected, the source's above; 0: there are none.
 */
export function flowText(protocol: number, ports: number, source: string, destination: string): string {
  const name = ipProtocolName(protocol);
  if (ports === 0) return `${name} ${source} > ${destination}`;
  if (hasSpi(protocol)) return `${name} ${source} > ${destination} ${portsText(protocol, ports)}`;
  const end = (address: string, port: number): string =>
    address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  return `${name} ${end(source, ports >>> 16)} > ${end(destination, ports & 0xffff)}`;
}

/** `ports 80 and 1234`, `spi 0x1234`, or that there are none. */
export function portsText(protocol: number, ports: number): string {
  if (ports === 0) return hasSpi(protocol) ? 'no spi' : 'no ports';
  if (hasSpi(protocol)) return `spi 0x${(ports >>> 0).toString(16)}`;
  return `ports ${ports >>> 16} and ${ports & 0xffff}`;
}
