// Verifies an image in its registry. Usage: node examples/verify-image.js IMAGE COSIGN.PUB

import { readFile } from 'node:fs/promises';
import { CosignetError, start } from 'cosignet';

const [image, publicKey] = process.argv.slice(2);
if (!image || !publicKey) throw new Error('usage: verify-image.js IMAGE COSIGN.PUB');

const cosignet = await start();
try {
  const report = await cosignet.verifyImage({ keys: [await readFile(publicKey)] }, image);
  console.log(`deploy ${report.digest}`);
} catch (error) {
  if (!(error instanceof CosignetError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  for (const { index, reason } of error.report?.signatures ?? []) {
    console.error(`  signature ${index + 1}: ${reason}`);
  }
  process.exitCode = 1;
} finally {
  cosignet.close();
}
