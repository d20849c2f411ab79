// `just web`: the page and its backend come up, say where they are, and end when they are told to.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { createInterface } from 'node:readline';
import { cosignet } from './support/peers.js';

test('the page is served beside a registry and a log', async () => {
  const main = new URL('../demo/main.js', import.meta.url).pathname;
  const child = spawn(process.execPath, [main, cosignet, '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  /** @type {Record<string, string>} */
  const said = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const [, name, value] = /^The (\w+): +(\S+)$/.exec(line) ?? [];
    if (name && value) said[name] = value;
    if (line.startsWith('End')) break;
  }
  const page = new URL(said['page'] ?? '');
  assert.match(await (await fetch(page)).text(), /<title>Cosignet/);
  const asked = new URLSearchParams(page.hash.slice(1));
  assert.equal(asked.get('image'), said['registry']);
  const logged = await fetch(`${asked.get('log')}/api/v1/log`);
  assert.equal(logged.headers.get('access-control-allow-origin'), '*');
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
  await assert.rejects(fetch(`${said['log']}/api/v1/log`));
});
