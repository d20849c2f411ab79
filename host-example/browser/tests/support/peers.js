// The programs that the tests talk to, and the real cosigns beside which they judge.

import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const target = new URL('../../../../target/', import.meta.url).pathname;
const peers = process.env['COSIGNET_PEERS'] ?? join(target, 'peers');

/** The command line, as `.ci/web` builds it. */
export const cosignet = process.env['COSIGNET_BIN'] ?? join(target, 'debug/cosignet');

/** A folder that is gone at the end. */
export function scratch() {
  const folder = mkdtempSync(join(tmpdir(), 'cosignet-web-'));
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

/**
 * Runs `cosign2` or `cosign3`, which names no service.
 * @param {'cosign2' | 'cosign3'} name
 * @param {string[]} args
 */
export async function cosign(name, args) {
  using home = scratch();
  const env = { HOME: home.folder, PATH: '/nowhere', COSIGN_PASSWORD: 'hunter2' };
  const { stdout } = await promisify(execFile)(join(peers, 'bin', name), args, { env });
  return stdout;
}

/**
 * Runs OpenSSL.
 * @param {...string} args
 */
export async function openssl(...args) {
  const { stdout } = await promisify(execFile)(join(peers, 'bin/openssl'), args, {
    env: {},
    encoding: 'buffer',
  });
  return stdout;
}

/**
 * A CNCF registry on a free port, with pages of any origin allowed.
 * @returns {Promise<{ host: string, end: () => Promise<void> }>}
 */
export async function startRegistry() {
  const data = scratch();
  const config = join(data.folder, 'config.yml');
  writeFileSync(config, JSON.stringify(configuration(data.folder)));
  const child = spawn(join(peers, 'bin/docker-registry'), ['serve', config], {
    env: {},
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', resolve);
  });
  for await (const line of createInterface({ input: child.stderr })) {
    const port = /listening on (?:127\.0\.0\.1|\[::\]):(\d+)/.exec(line)?.[1];
    if (!port) continue;
    child.stderr.resume();
    const end = async () => {
      child.kill();
      await ended;
      data[Symbol.dispose]();
    };
    return { host: `127.0.0.1:${port}`, end };
  }
  throw new Error(`docker-registry ended before it listened: ${await ended}`);
}

/** @param {string} folder */
function configuration(folder) {
  return {
    version: 0.1,
    log: { level: 'info' },
    storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
    http: {
      addr: '127.0.0.1:0',
      headers: {
        'Access-Control-Allow-Origin': ['*'],
        'Access-Control-Allow-Methods': ['GET, HEAD, POST, PUT, DELETE, OPTIONS'],
        'Access-Control-Allow-Headers': ['Accept, Authorization, Content-Type'],
        'Access-Control-Expose-Headers': [
          'Docker-Content-Digest, Location, Link, WWW-Authenticate',
        ],
      },
    },
  };
}
