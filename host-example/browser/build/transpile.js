// Makes `dist/NAME/` of the two portable components: `.ci/component offline cosignet-offline` and
// `.ci/component signer cosignet` build them. `bundle.js` goes on from there.

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transpileBytes } from '@bytecodealliance/jco-transpile';
import { suspendingExports, suspendingImports } from './suspending.js';

const target = new URL('../../../target/', import.meta.url);
const dist = new URL('../dist/', import.meta.url);

/** @typedef {NonNullable<Parameters<typeof transpileBytes>[1]>} Options */

/** @type {[name: string, component: string, options: Options][]} */
const worlds = [
  ['offline', 'cosignet-offline.wasm', {}],
  [
    'signer',
    'cosignet.wasm',
    { asyncMode: 'jspi', asyncImports: suspendingImports, asyncExports: suspendingExports },
  ],
];

await rm(dist, { recursive: true, force: true });
for (const [name, component, options] of worlds) {
  const folder = new URL(`${name}/`, dist);
  const { files, imports } = await transpileBytes(await read(component), {
    name: 'component',
    instantiation: 'async',
    nodejsCompat: false,
    noComponentErrorWrapping: false,
    optimize: true,
    optimizeOptions: {
      quiet: true,
      optArgs: ['-Oz', '--low-memory-unused', '--enable-bulk-memory', '--enable-simd'],
    },
    ...options,
  });
  for (const [path, bytes] of Object.entries(files)) {
    await write(new URL(path, folder), bytes);
  }
  // The import list is the security policy: the package can tell it.
  await write(new URL('imports.js', folder), `export default ${JSON.stringify(imports)};\n`);
  const types = 'declare const imports: string[];\nexport default imports;\n';
  await write(new URL('imports.d.ts', folder), types);
}

/** @param {string} component */
async function read(component) {
  const file = new URL(component, target);
  return readFile(file).catch((cause) => {
    const words = `${fileURLToPath(file)} cannot be read; .ci/component makes it, .ci/web does all`;
    throw new Error(words, { cause });
  });
}

/**
 * @param {URL} file
 * @param {Uint8Array | string} content
 */
async function write(file, content) {
  await mkdir(new URL('.', file), { recursive: true });
  await writeFile(file, content);
}
