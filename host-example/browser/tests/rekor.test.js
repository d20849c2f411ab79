// The client of logs against one that has an entry already, refuses, and answers too much.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RekorClient } from '../src/imports/rekor.js';
import { bytes } from './support/data.js';
import { serve } from './support/server.js';

const uuid = 'ab'.repeat(40);
const entry = bytes('{}');

test('an entry is posted, and one that is there is named', async () => {
  /** @type {[number, Record<string, string>]} */
  let answer = [201, {}];
  await using log = await serve((request, response) => {
    assert.equal(request.url, '/log/api/v1/log/entries');
    response.writeHead(...answer).end('{"a":1}');
  });
  const client = new RekorClient({ url: `http://${log.host}/log/` });
  const submission = { api: /** @type {const} */ ('rekor-v1'), entry, maxSize: 100n };
  assert.deepEqual(await client.submit(submission), { tag: 'logged', val: bytes('{"a":1}') });
  answer = [409, { Location: `/api/v1/log/entries/${uuid}` }];
  assert.deepEqual(await client.submit(submission), { tag: 'already-logged', val: uuid });
  for (const headers of [{}, { Location: '/elsewhere' }]) {
    answer = [409, /** @type {Record<string, string>} */ (headers)];
    await assert.rejects(client.submit(submission), { tag: 'invalid' });
  }
});

test('an entry of Rekor v2 that is there is named by its index', async () => {
  await using log = await serve((request, response) => {
    assert.equal(request.url, '/api/v2/log/entries');
    response.writeHead(409, { 'X-Log-Index': '42' }).end();
  });
  const client = new RekorClient({ url: `http://${log.host}` });
  const submission = { api: /** @type {const} */ ('rekor-v2'), entry, maxSize: 100n };
  assert.deepEqual(await client.submit(submission), { tag: 'already-logged', val: '42' });
});

test('refusals are told by what can be done about them', async () => {
  let status = 0;
  await using log = await serve((_, response) => {
    response.writeHead(status).end('{"message":"no"}');
  });
  const client = new RekorClient({ url: `http://${log.host}` }, { retries: 0 });
  for (const [code, tag] of /** @type {[number, string][]} */ ([
    [400, 'refused'],
    [403, 'denied'],
    [404, 'not-found'],
    [429, 'unavailable'],
    [501, 'unsupported'],
    [503, 'unavailable'],
  ])) {
    status = code;
    await assert.rejects(client.fetchEntry({ uuid, maxSize: 9n }), { tag, message: /"no"/ });
  }
  status = 200;
  await assert.rejects(client.fetchEntry({ uuid, maxSize: 9n }), { tag: 'too-large' });
});

test('nothing but entries and tiles is asked for, and no log that was not named', async () => {
  const client = new RekorClient({ url: 'http://127.0.0.1:9' });
  await assert.rejects(client.fetchEntry({ uuid: '../x', maxSize: 9n }), { tag: 'invalid' });
  for (const path of ['../x', 'tile/../x', '/tile/0/000', 'tile/0/000?x', 'elsewhere']) {
    await assert.rejects(client.fetchTile({ path, maxSize: 9n }), { tag: 'invalid' }, path);
  }
  const none = new RekorClient(undefined);
  await assert.rejects(none.searchEntries({ query: entry, maxSize: 9n }), { tag: 'unsupported' });
});

test('tiles are asked for where Rekor v2 has them', async () => {
  await using log = await serve((request, response) => void response.end(request.url));
  const client = new RekorClient({ url: `http://${log.host}` });
  for (const path of ['checkpoint', 'tile/0/x001/234.p/56', 'tile/entries/000']) {
    assert.deepEqual(await client.fetchTile({ path, maxSize: 99n }), bytes(`/api/v2/${path}`));
  }
});
