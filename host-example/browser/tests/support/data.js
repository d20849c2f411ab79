// The vectors of the project, as the Rust tests read them.

import { readFileSync, readdirSync } from 'node:fs';

const data = new URL('../../../../tests/data/', import.meta.url);

/** @param {string} path */
export function read(path) {
  return new Uint8Array(readFileSync(new URL(path, data)));
}

/** @param {string} path */
export function text(path) {
  return readFileSync(new URL(path, data), 'utf8');
}

/** @param {string} path */
export function list(path) {
  return readdirSync(new URL(path, data)).sort();
}

/** @param {string} value */
export function bytes(value) {
  return new TextEncoder().encode(value);
}
