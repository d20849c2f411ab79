// The same component in wasmtime: what the bench `crypto` found, which `.ci/bench-web` runs first.

import { readFileSync } from 'node:fs';

const criterion = new URL(
  'criterion/',
  process.env['CARGO_TARGET_DIR']
    ? new URL(`file://${process.env['CARGO_TARGET_DIR']}/`)
    : new URL('../../../target/', import.meta.url),
);

/**
 * The median of a benchmark, in seconds.
 * @param {string} group
 * @param {string} id
 */
function median(group, id) {
  const estimates = readFileSync(new URL(`${group}/${id}/new/estimates.json`, criterion), 'utf8');
  return JSON.parse(estimates).median.point_estimate / 1e9;
}

export function wasmtime() {
  return {
    first: median('open', 'wasm-portable'),
    again: median('open', 'wasm-portable-again'),
    sign: median('sign', 'wasm-portable'),
    verify: median('verify', 'wasm-portable'),
  };
}
