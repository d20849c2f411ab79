// The two components: one with the key and without the network, one the other way round.

import { start as startOffline } from '../dist/offline.js';
import { start as startSigner } from '../dist/signer.js';

/** Runs from the beginning; it can ask for randomness, and for nothing else. */
export const offline = await startOffline();

/**
 * A component that reaches registries, and a log if one is named: started when it is needed, and ended
 * with its work.
 * @template T
 * @param {string | undefined} log
 * @param {(signer: import('../dist/signer.js').Signer) => Promise<T>} work
 */
export async function withNetwork(log, work) {
  const signer = await startSigner(log ? { rekor: { url: log } } : {});
  try {
    return await work(signer);
  } finally {
    signer.close();
  }
}
