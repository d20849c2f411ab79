// Makes of `src/` and what jco wrote the modules that are published: one for each entry, one for each
// worker, without what is never called and without comments.

import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('../', import.meta.url));

/** @type {Record<string, string>[]} What shares modules with what. */
const bundles = [
  { offline: 'src/offline.js', signer: 'src/signer.js' },
  { 'worker/offline': 'src/worker/offline.js' },
  { 'worker/signer': 'src/worker/signer.js' },
];

for (const input of bundles) {
  const bundle = await rolldown({
    cwd: root,
    input,
    platform: 'neutral',
    external: /^node:/,
    // jco writes a line for a log before and after each step, which only its own debugging turns on.
    treeshake: { manualPureFunctions: ['_debugLog'] },
    onLog(level, log, handler) {
      if (log.code === 'MODULE_LEVEL_DIRECTIVE' && log.message.includes('use components')) return;
      // A warning is a fault of the package: it is not built.
      handler(level === 'warn' ? 'error' : level, log);
    },
  });
  await bundle.write({
    dir: 'dist',
    minify: true,
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    codeSplitting: { groups: [{ name: 'shared', minShareCount: 2 }] },
  });
  await bundle.close();
}
for (const world of ['offline', 'signer']) {
  await rm(new URL(`../dist/${world}/component.js`, import.meta.url));
}
