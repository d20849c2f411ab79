// The embedded registry and the embedded log, with an image in the registry: `cosignet demo --serve`.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/**
 * @typedef {object} Backend
 * @property {string} image `HOST:PORT/REPOSITORY@DIGEST`
 * @property {string} log The URL of the log.
 * @property {() => Promise<void>} end
 */

/**
 * Starts them, with pages of any origin allowed.
 * @param {string} program `cosignet`
 * @returns {Promise<Backend>}
 */
export async function startBackend(program) {
  const child = spawn(program, ['demo', '--serve', '--cors'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', resolve);
  });
  const end = async () => {
    child.kill('SIGINT');
    await ended;
  };
  let image, log;
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    image ??= /^ *image +(\S+) pushed$/.exec(line)?.[1];
    log ??= /^ *log +.* at (http\S+)$/.exec(line)?.[1];
    if (/^ *serve /.test(line) && image && log) {
      child.stdout.resume();
      return { image, log, end };
    }
  }
  throw new Error(`${program} demo ended before it served: ${await ended}`);
}
