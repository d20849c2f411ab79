// The `signer` world waits for promises: an engine that cannot is told so.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasJspi, start } from 'cosignet';
import { read, text } from './support/data.js';

test('starts where there is JSPI, and says where there is none', async () => {
  if (!hasJspi()) {
    await assert.rejects(start(), { code: 'no-jspi', message: /Node 24.*cosignet\/offline/ });
    return;
  }
  const cosignet = await start();
  const rules = { keys: [text('cosign/keys/cosign-v2.5.0.pub')] };
  const signature = read('cosign/blob/v2.sig');
  const artifact = read('cosign/blob/artifact.txt');
  assert.ok((await cosignet.verifyBlob(rules, artifact, [{ signature }])).verified);
  cosignet.close();
});
