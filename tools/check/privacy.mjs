// Nothing here talks to a network: no word for it stands in our sources, in what is built of them, or in the bundle with
// all that others wrote. --live talks to the kernel of this machine, by a netlink socket of libc's (node/socket.ts).
import { filesOf, lineOf, report } from './sources.mjs';

const MODULES = 'dgram|dns|dns/promises|http|http2|https|inspector|inspector/promises|net|tls';
const WORDS = [
  /\bfetch\b/g,
  /\b(?:XMLHttpRequest|WebSocket|WebSocketStream|WebTransport|EventSource|RTCPeerConnection|sendBeacon|importScripts)\b/g,
  new RegExp(`['"\`]node:(?:${MODULES})['"\`]`, 'g'),
  new RegExp(`\\b(?:from|import|require|getBuiltinModule)\\s*\\(?\\s*['"\`](?:${MODULES})['"\`]`, 'g'),
];

const isShipped = (name) => /\.[cm]?[jt]s$/.test(name) && !/\.test\.ts$|\.d\.c?ts$/.test(name);
const files = filesOf(['src', 'node', 'examples', 'dist/src', 'dist/node'], isShipped);
const findings = files.flatMap(({ name, text }) =>
  WORDS.flatMap((word) => [...text.matchAll(word)]).map(
    ({ 0: found, index }) => `${name}:${lineOf(text, index)}: ${found}: nothing here talks to a network`,
  ),
);
report(findings, `privacy: ${files.length} files, no word of a network`);
