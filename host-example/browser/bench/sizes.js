// How many bytes an entry of the package costs a page that loads it.

import { readFileSync } from 'node:fs';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const root = new URL('../', import.meta.url);

/**
 * The files that an entry loads: the modules that it and its worker import, and the core modules.
 * @param {'offline' | 'signer'} name
 */
export function sizesOf(name) {
  const files = new Set();
  const queue = [`dist/${name}.js`, `dist/worker/${name}.js`];
  for (let path = queue.pop(); path; path = queue.pop()) {
    if (files.has(path)) continue;
    files.add(path);
    const base = new URL(path, root);
    for (const [, module = ''] of readFileSync(base, 'utf8').matchAll(
      /(?:from|import)["'`](\.[^"'`]+)/g,
    )) {
      queue.push(new URL(module, base).pathname.slice(root.pathname.length));
    }
  }
  for (const core of ['', '2', '3']) files.add(`dist/${name}/component.core${core}.wasm`);
  return sum([...files].map((path) => sizeOf(new URL(path, root))));
}

/**
 * The core module with the component's code, alone.
 * @param {'offline' | 'signer'} name
 */
export function coreSizeOf(name) {
  return sizeOf(new URL(`dist/${name}/component.core.wasm`, root));
}

/** @param {URL} file */
function sizeOf(file) {
  const content = readFileSync(file);
  return {
    raw: content.length,
    gzip: gzipSync(content, { level: 9 }).length,
    brotli: brotliCompressSync(content).length,
  };
}

/** @param {ReturnType<typeof sizeOf>[]} sizes */
function sum(sizes) {
  return sizes.reduce((all, { raw, gzip, brotli }) => ({
    raw: all.raw + raw,
    gzip: all.gzip + gzip,
    brotli: all.brotli + brotli,
  }));
}
