// `just web`: the page, beside the embedded registry with an image in it, and the embedded log.
// Usage: node demo/main.js COSIGNET [PORT]

import { startBackend } from './backend.js';
import { startServer } from './server.js';

const [program, port = '8080'] = process.argv.slice(2);
if (!program) throw new Error('usage: node demo/main.js COSIGNET [PORT]');
const server = await startServer(Number(port));
const backend = await startBackend(program);
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => Promise.all([backend.end(), server.end()]));
}
const logKey = await (await fetch(`${backend.log}/api/v1/log/publicKey`)).text();
const prefilled = new URLSearchParams({
  image: backend.image,
  log: backend.log,
  'log-key': logKey,
});
console.log(`The page:     ${server.url}#${prefilled}`);
console.log(`The registry: ${backend.image}`);
console.log(`The log:      ${backend.log}`);
console.log('End them with Ctrl-C.');
