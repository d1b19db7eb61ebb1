import { readFileSync, writeFileSync } from 'node:fs';
import { addChildren } from './children.mjs';

const p = '.cache/measure/coverage/coverage-final.json';
const files = JSON.parse(readFileSync(process.argv[2]));
await addChildren(new Map(Object.entries(files)), '.cache/m/child', process.cwd() + '/.cache/measure/node_modules');
writeFileSync(p, JSON.stringify(files));
