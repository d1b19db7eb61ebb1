import { expect, test } from 'vitest';
import { eraOf } from './era-of.ts';
import { KERNELS, newestOf } from './packages.ts';

const line = (name: string): RegExp => KERNELS.find((kernel) => kernel.name === name)?.line ?? /$^/;

test('the newest package of a line is the one with the highest numbers, whatever comes behind its own in the alphabet', () => {
  const offered = [
    'linux-image-6.1.0-9-amd64',
    'linux-image-6.1.0-56-amd64',
    'linux-image-6.1.0-56-cloud-amd64',
    'linux-image-6.12.117+deb12-amd64',
    'linux-image-6.12.9+deb12-amd64',
    'linux-image-6.12.117+deb12-rt-amd64',
  ];
  expect(newestOf(line('6.1.170'), offered)).toBe('linux-image-6.1.0-56-amd64');
  expect(newestOf(line('6.12'), offered)).toBe('linux-image-6.12.117+deb12-amd64');
  expect(newestOf(line('6.12'), [])).toBeNull();
});

test('kernels before 6.1.180 belong to the era in which folded pointers could be seen', () => {
  expect(eraOf('6.1.170').name).toBe('6.1.170');
  expect(eraOf('6.1.179').name).toBe('6.1.170');
  expect(eraOf('6.1.192').name).toBe('6.1');
  expect(eraOf('6.12.117').name).toBe('6.12');
});
