// Prints the README's tables: sizes, and times in Chromium and in Node beside wasmtime's.
// `.ci/bench-web` runs it.

import { startServer } from '../demo/server.js';
import { launch, open } from '../tests/support/chromium.js';
import { text } from '../tests/support/data.js';
import { measure } from './operations.js';
import { verifyWithSigstore } from './sigstore.js';
import { coreSizeOf, sizesOf } from './sizes.js';
import { wasmtime } from './wasmtime.js';

const vector = 'cosign/legacy-sig/v2.5.0-plain';
const payload = text(`${vector}/payload-0.json`);
const { identity, image } = JSON.parse(payload).critical;
const options = {
  keyFile: text('cosign/keys/cosign-v2.5.0.key'),
  publicKey: text('cosign/keys/cosign-v2.5.0.pub'),
  password: 'hunter2',
  payload,
  signature: text(`${vector}/signature-0.b64`),
  reference: `${identity['docker-reference']}@${image['docker-manifest-digest']}`,
  bundle: text('cosign/blob/v3-new.sigstore.json'),
  bundleKey: text('cosign/keys/cosign-v2.5.0.pub'),
  content: text('cosign/blob/artifact.txt'),
};

const browser = await launch();
const server = await startServer(0);
const ready = [];
for (let run = 0; run < 9; run++) {
  const { page, close } = await open(browser, server.url);
  ready.push(Number(await page.locator('body').getAttribute('data-ready')));
  await close();
}
const { page } = await open(browser, server.url);
const module = new URL('../dist/offline.js', server.url).href;
const inChromium = await page.evaluate(measure, { ...options, module });
await browser.close();
await server.end();
const inNode = await measure({
  ...options,
  module: new URL('../dist/offline.js', import.meta.url).href,
});
const inWasmtime = wasmtime();
const sigstore = median(500, () =>
  verifyWithSigstore({
    bundle: options.bundle,
    publicKey: options.bundleKey,
    content: options.content,
  }),
);

console.log('| | raw | gzip | brotli |');
console.log('| --- | --- | --- | --- |');
for (const [name, { raw, gzip, brotli }] of /** @type {const} */ ([
  ['`cosignet/offline`, all that a page loads', sizesOf('offline')],
  ['– its component alone', coreSizeOf('offline')],
  ['`cosignet`, all that a page loads', sizesOf('signer')],
  ['– its component alone', coreSizeOf('signer')],
])) {
  console.log(`| ${name} | ${kilobytes(raw)} | ${kilobytes(gzip)} | ${kilobytes(brotli)} |`);
}
console.log(
  `\n| | Chromium ${browser.version().split('.')[0]} | Node ${process.versions.node} | wasmtime |`,
);
console.log('| --- | --- | --- | --- |');
for (const [name, what] of /** @type {const} */ ([
  ['open a key, scrypt N=2¹⁶, the first', 'first'],
  ['– again', 'again'],
  ['sign a payload', 'sign'],
  ['verify a signature', 'verify'],
])) {
  const cells = [inChromium, inNode, inWasmtime].map((times) => duration(times[what]));
  console.log(`| ${name} | ${cells.join(' | ')} |`);
}
console.log(
  `| verify a bundle of a file | ${duration(inChromium.bundle)} | ${duration(inNode.bundle)} | |`,
);
console.log(`| – by \`@sigstore/verify\` 4.1.3 | | ${duration(sigstore)} | |`);
ready.sort((a, b) => a - b);
console.log(`| the page is ready | ${duration((ready[4] ?? NaN) / 1000)} | | |`);
process.stderr.write(
  `opening takes ${(inChromium.again / inWasmtime.again).toFixed(2)} times wasmtime's in Chromium, ` +
    `${(inNode.again / inWasmtime.again).toFixed(2)} in Node\n`,
);

/**
 * Seconds.
 * @param {number} count
 * @param {() => void} work
 */
function median(count, work) {
  const times = [];
  for (let run = -200; run < count; run++) {
    const begin = performance.now();
    work();
    if (run >= 0) times.push((performance.now() - begin) / 1000);
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(count / 2)] ?? NaN;
}

/** @param {number} bytes */
function kilobytes(bytes) {
  return `${Math.round(bytes / 1000)} KB`;
}

/** @param {number} seconds */
function duration(seconds) {
  return seconds >= 0.001
    ? `${(seconds * 1000).toPrecision(3)} ms`
    : `${(seconds * 1e6).toPrecision(3)} µs`;
}
