// Serves the demo page and the package: files of two folders, and headers that let the page do no
// more than it needs.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';

const root = new URL('../', import.meta.url);

/** `wasm-unsafe-eval` lets WebAssembly be compiled, and no script be made of text. */
const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self' https: http://127.0.0.1:* http://localhost:*",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** @type {Record<string, string>} */
const types = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/**
 * @param {number} port 0 for a free one.
 * @returns {Promise<{ url: string, end: () => Promise<void> }>}
 */
export async function startServer(port) {
  const server = createServer((request, response) => {
    void answer(request.url ?? '/').then(({ status, type, body }) => {
      response.writeHead(status, {
        'Content-Type': type,
        'Content-Security-Policy': policy,
        'Cross-Origin-Opener-Policy': 'same-origin',
        'Referrer-Policy': 'no-referrer',
        'X-Content-Type-Options': 'nosniff',
        'Cache-Control': 'no-cache',
      });
      response.end(body);
    });
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(undefined));
  });
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${address.port}/demo/`,
    end: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** @param {string} target */
async function answer(target) {
  // A URL has no `..` left in it.
  const { pathname } = new URL(target, 'http://localhost');
  const path = pathname.endsWith('/') ? `${pathname}index.html` : pathname;
  const type = types[extname(path)];
  const served = /^\/(demo|dist)\//.test(path) && !path.includes('%');
  if (type && served) {
    try {
      return { status: 200, type, body: await readFile(new URL(`.${path}`, root)) };
    } catch {
      // Told below.
    }
  }
  return { status: 404, type: 'text/plain', body: 'not found\n' };
}
