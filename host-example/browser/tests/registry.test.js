// The client of registries against one that asks for tokens, says too much, and sends elsewhere.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { choose, scopes } from '../src/imports/registry/challenge.js';
import { RegistryClient } from '../src/imports/registry/client.js';
import { placeOf } from '../src/imports/registry/place.js';
import { serve } from './support/server.js';

const digest = `sha256:${'0'.repeat(64)}`;

suite('challenges', () => {
  test('Bearer is taken before Basic, whatever the order and the quotes', () => {
    const header =
      'Basic realm="a, b", Bearer realm="https://t.example/token",service=r, x="\\"q\\""';
    assert.deepEqual(choose(header), {
      scheme: 'bearer',
      parameters: { realm: 'https://t.example/token', service: 'r', x: '"q"' },
    });
    assert.equal(choose('Basic realm="r"')?.scheme, 'basic');
    assert.equal(choose('Negotiate abc=='), undefined);
    assert.equal(choose(''), undefined);
  });

  test("scopes are the registry's, widened", () => {
    const asked = (/** @type {string} */ scope) => ({ scheme: 'bearer', parameters: { scope } });
    assert.deepEqual(scopes(asked('repository:a/b:pull'), 'x', ['pull', 'push']), [
      'repository:a/b:pull,push',
    ]);
    assert.deepEqual(scopes(asked('repository:a:*'), 'x', ['push']), ['repository:a:*']);
    assert.deepEqual(scopes({ scheme: 'bearer', parameters: {} }, 'a/b', ['pull']), [
      'repository:a/b:pull',
    ]);
  });
});

test('repositories are hosts and paths, and nothing that changes a URL', () => {
  assert.equal(placeOf('r.example/a/b', []).base.href, 'https://r.example/v2/a/b/');
  assert.equal(placeOf('127.0.0.1:5000/a', []).base.href, 'http://127.0.0.1:5000/v2/a/');
  assert.equal(placeOf('r.lan:5000/a', ['r.lan:5000']).base.protocol, 'http:');
  assert.equal(placeOf('index.docker.io/library/a', []).base.host, 'registry-1.docker.io');
  for (const bad of [
    'a',
    '/a',
    'r.example/',
    'r.example/../a',
    'u:p@r.example/a',
    'r.example/A',
    'r/a?b',
  ]) {
    assert.throws(() => placeOf(bad, []), { tag: 'invalid' }, bad);
  }
});

test('a token is got once, with the credentials, and used again', async () => {
  /** @type {string[]} */
  const seen = [];
  await using registry = await serve((request, response) => {
    const { url = '', headers } = request;
    seen.push(`${url} ${headers.authorization ?? '-'}`);
    if (url.startsWith('/token')) return void response.end('{"token":"t0k","expires_in":60}');
    if (headers.authorization === 'Bearer t0k') return void response.end('blob');
    const realm = `http://${headers.host}/token`;
    response.writeHead(401, { 'WWW-Authenticate': `Bearer realm="${realm}",service="s"` }).end();
  });
  const credentials = { [registry.host]: { username: 'ann', password: 'é' } };
  const client = new RegistryClient({ credentials });
  const request = { repository: `${registry.host}/a`, digest, maxSize: 4n };
  assert.deepEqual(await client.fetchBlob(request), new TextEncoder().encode('blob'));
  await client.fetchBlob(request);
  const basic = `Basic ${Buffer.from('ann:é').toString('base64')}`;
  assert.deepEqual(seen, [
    `/v2/a/blobs/${digest} -`,
    `/token?service=s&scope=repository%3Aa%3Apull ${basic}`,
    `/v2/a/blobs/${digest} Bearer t0k`,
    `/v2/a/blobs/${digest} Bearer t0k`,
  ]);
});

test('credentials go to no other host, and are in no error', async () => {
  await using registry = await serve((_, response) => {
    const challenge = 'Bearer realm="https://elsewhere.example/token"';
    response.writeHead(401, { 'WWW-Authenticate': challenge }).end();
  });
  const credentials = { [registry.host]: { username: 'ann', password: 's3cret' } };
  const client = new RegistryClient({ credentials });
  const asked = client.fetchBlob({ repository: `${registry.host}/a`, digest, maxSize: 4n });
  await assert.rejects(asked, (/** @type {any} */ error) => {
    assert.equal(error.tag, 'denied');
    assert.match(error.message, /trustedRealms/);
    assert.ok(!error.message.includes('s3cret'));
    return true;
  });
});

test('an answer is read no further than was allowed', async () => {
  await using registry = await serve((_, response) => {
    const more = () =>
      void (response.write(Buffer.alloc(65536))
        ? setImmediate(more)
        : response.once('drain', more));
    more();
  });
  const client = new RegistryClient({});
  const asked = client.fetchBlob({ repository: `${registry.host}/a`, digest, maxSize: 1000n });
  await assert.rejects(asked, { tag: 'too-large' });
});

test('refusals are told by what can be done about them', async () => {
  let status = 0;
  await using registry = await serve((_, response) => {
    response.writeHead(status).end('{"errors":[{"code":"NO","message":"not\\nthat"}]}');
  });
  const client = new RegistryClient({}, { retries: 0 });
  for (const [code, tag] of /** @type {[number, string][]} */ ([
    [403, 'denied'],
    [404, 'not-found'],
    [405, 'unsupported'],
    [418, 'invalid'],
    [429, 'unavailable'],
    [503, 'unavailable'],
  ])) {
    status = code;
    const asked = client.fetchBlob({ repository: `${registry.host}/a`, digest, maxSize: 4n });
    await assert.rejects(asked, { tag, message: new RegExp(`answered ${code}: .*NO`) });
  }
});

test('all pages of a list are gathered, and a registry without one says so', async () => {
  let hasList = true;
  await using registry = await serve(({ url = '' }, response) => {
    if (!hasList) return void response.writeHead(404).end();
    response.setHeader('Content-Type', 'application/vnd.oci.image.index.v1+json; charset=utf-8');
    if (!url.includes('last')) response.setHeader('Link', `<${url}?last=1>; rel="next"`);
    response.end(url.includes('last') ? 'two' : 'one');
  });
  const client = new RegistryClient({});
  const request = { repository: `${registry.host}/a`, digest, maxSize: 100n };
  const pages = await client.listReferrers(request);
  assert.deepEqual(
    pages.map(({ content }) => new TextDecoder().decode(content)),
    ['one', 'two'],
  );
  assert.equal(pages[0]?.mediaType, 'application/vnd.oci.image.index.v1+json');
  hasList = false;
  await assert.rejects(client.listReferrers(request), { tag: 'unsupported' });
});

test('what is asked for later waits four times as long as the slowest answer took', async () => {
  await using registry = await serve((_, response) => {
    response.setHeader('Content-Type', 'application/json');
    setTimeout(() => response.end('{}'), 30);
  });
  const client = new RegistryClient({});
  const request = { repository: `${registry.host}/a`, reference: 'v1', maxSize: 4n };
  await client.fetchManifest({ ...request, afterMs: 0 });
  const begin = performance.now();
  await client.fetchManifest({ ...request, afterMs: 1 });
  assert.ok(performance.now() - begin >= 120);
});
