// Servers that fail for a while: asked again, as often and as fast as they say, and no longer than that.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { start } from 'cosignet';
import { RegistryClient } from '../src/imports/registry/client.js';
import { RekorClient } from '../src/imports/rekor.js';
import { retryAfter } from '../src/imports/retry.js';
import { bytes, text } from './support/data.js';
import { serve } from './support/server.js';

const digest = `sha256:${'0'.repeat(64)}`;
const soon = { pause: 1 };

suite('retries', () => {
  for (const status of [408, 429, 500, 502, 503, 504]) {
    test(`${status} passes`, async () => {
      await using faulty = await serveAfter(2, ({ response }) => response.writeHead(status).end());
      const client = new RegistryClient({}, soon);
      assert.deepEqual(await client.fetchBlob(blobIn(faulty.host)), bytes('{}'));
      assert.equal(faulty.seen.length, 3);
    });
  }

  test('a connection that breaks passes, before an answer and within one', async () => {
    let breaks = 0;
    await using faulty = await serveAfter(2, ({ response }) => {
      if (breaks++ > 0) response.writeHead(200, { 'Content-Length': '99' }).write('{');
      setTimeout(() => response.destroy(), 10);
    });
    const client = new RegistryClient({}, soon);
    assert.deepEqual(await client.fetchBlob(blobIn(faulty.host)), bytes('{}'));
    assert.equal(faulty.seen.length, 3);
  });

  for (const status of [400, 404, 501]) {
    test(`${status} does not`, async () => {
      await using faulty = await serveAfter(9, ({ response }) => response.writeHead(status).end());
      await assert.rejects(new RegistryClient({}, soon).fetchBlob(blobIn(faulty.host)));
      assert.equal(faulty.seen.length, 1);
    });
  }

  test('what fails on is given up', async () => {
    await using faulty = await serveAfter(9, ({ response }) => response.writeHead(503).end());
    const client = new RegistryClient({}, { ...soon, retries: 2 });
    await assert.rejects(client.fetchBlob(blobIn(faulty.host)), { tag: 'unavailable' });
    assert.equal(faulty.seen.length, 3);
  });

  test('a server that says when is obeyed', async () => {
    const wish = { 'Retry-After': '0' };
    await using faulty = await serveAfter(1, ({ response }) => response.writeHead(429, wish).end());
    // Longer than any test may take, were it not for the wish.
    const client = new RegistryClient({}, { pause: 1e6 });
    await client.fetchBlob(blobIn(faulty.host));
    const now = Date.parse('Wed, 21 Oct 2026 07:28:00 GMT');
    for (const [text, expected] of /** @type {[string, number | undefined][]} */ ([
      ['3', 3000],
      ['Wed, 21 Oct 2026 07:28:07 GMT', 7000],
      ['Wed, 21 Oct 2020 07:28:07 GMT', 0],
      ['86400', 60_000],
      ['Wed, 21 Oct 2099 07:28:07 GMT', 60_000],
      ['soon', undefined],
      ['-1', undefined],
    ])) {
      assert.equal(retryAfter(new Headers({ 'Retry-After': text }), now), expected, text);
    }
    assert.equal(retryAfter(new Headers(), now), undefined);
  });

  test('every request of a registry is tried again, and an upload begun anew', async () => {
    const place = (/** @type {string} */ host) => `${host}/a`;
    const content = bytes('{}');
    const mediaType = 'application/json';
    for (const [ask, expected] of /** @type {[Ask<RegistryClient>, string[]][]} */ ([
      [
        (client, host) => client.resolve({ repository: place(host), tag: 'v1' }),
        ['HEAD', 'HEAD', 'HEAD', 'GET'],
      ],
      [
        (client, host) => client.listReferrers({ repository: place(host), digest, maxSize: 9n }),
        ['GET', 'GET', 'GET'],
      ],
      [
        (client, host) =>
          client.pushManifest({ repository: place(host), reference: 'v1', mediaType, content }),
        ['PUT', 'PUT', 'PUT'],
      ],
      [
        (client, host) => client.deleteManifest({ repository: place(host), digest }),
        ['DELETE', 'DELETE', 'DELETE'],
      ],
      [
        (client, host) => client.pushBlob({ repository: place(host), digest, content }),
        ['POST', 'PUT', 'POST', 'PUT', 'POST', 'PUT'],
      ],
    ])) {
      let left = 2;
      await using faulty = await serveAfter(Infinity, ({ method, response }) => {
        if (method === 'POST') return response.writeHead(202, { Location: '/upload' }).end();
        if (left-- > 0) return response.writeHead(502).end();
        return response.writeHead(200, { 'Content-Type': mediaType }).end('{}');
      });
      await ask(new RegistryClient({}, soon), faulty.host);
      assert.deepEqual(faulty.seen, expected);
    }
  });

  test('a token service that fails for a while refuses nobody', async () => {
    let left = 1;
    await using faulty = await serve(({ url = '', headers }, response) => {
      if (!url.startsWith('/token')) {
        if (headers.authorization === 'Bearer t0k') return void response.end('{}');
        const challenge = `Bearer realm="http://${headers.host}/token"`;
        return void response.writeHead(401, { 'WWW-Authenticate': challenge }).end();
      }
      if (left-- > 0) return void response.writeHead(503).end();
      return void response.end('{"token":"t0k"}');
    });
    const client = new RegistryClient({}, soon);
    assert.deepEqual(await client.fetchBlob(blobIn(faulty.host)), bytes('{}'));
  });

  test('entries are posted again: a log that has them says so', async () => {
    await using faulty = await serveAfter(2, ({ response }) => response.writeHead(503).end());
    const client = new RekorClient({ url: `http://${faulty.host}` }, soon);
    const entry = bytes('{}');
    await client.submit({ api: 'rekor-v1', entry, maxSize: 9n });
    assert.deepEqual(faulty.seen, ['POST', 'POST', 'POST']);
  });

  test('closing ends a pause', async () => {
    /** @type {() => void} */
    let asked;
    const first = new Promise((resolve) => (asked = () => resolve(undefined)));
    await using faulty = await serve((_, response) => {
      response.writeHead(503).end();
      asked();
    });
    const cosignet = await start({ retry: { pause: 1e5 } });
    const rules = { keys: [text('cosign/keys/cosign-v2.5.0.pub')] };
    const ended = assert.rejects(cosignet.verifyImage(rules, `${faulty.host}/a:v1`), {
      code: 'closed',
    });
    await first;
    cosignet.close();
    await ended;
  });
});

/**
 * A server that does the first requests wrong, and then answers `{}`.
 * @param {number} count
 * @param {(request: { method: string | undefined, response: import('node:http').ServerResponse }) => unknown} fail
 */
async function serveAfter(count, fail) {
  /** @type {(string | undefined)[]} */
  const seen = [];
  const server = await serve(({ method }, response) => {
    seen.push(method);
    if (seen.length <= count) return void fail({ method, response });
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
  });
  return { seen, ...server };
}

/** @param {string} host */
function blobIn(host) {
  return { repository: `${host}/a`, digest, maxSize: 9n };
}

/**
 * @template T
 * @typedef {(client: T, host: string) => Promise<unknown>} Ask
 */
