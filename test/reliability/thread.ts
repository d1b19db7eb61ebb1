import { parentPort, workerData } from 'node:worker_threads';
import { runShare } from './loops.ts';

parentPort?.postMessage(runShare(workerData));
