// A key service: OpenSSL with a key that no component ever sees.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openssl, scratch } from './peers.js';

/** @type {Record<string, string[]>} */
const kinds = {
  'ecdsa-p256': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  rsa2048: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
};

/**
 * A service that has one new key, by the name of its kind.
 * @param {string} kind
 */
export async function startSigner(kind) {
  const { folder, [Symbol.dispose]: end } = scratch();
  const [key, digestFile] = [join(folder, 'key.pem'), join(folder, 'digest')];
  await openssl('genpkey', ...(kinds[kind] ?? []), '-out', key);
  const pem = (await openssl('pkey', '-in', key, '-pubout')).toString();
  /** @type {string[]} */
  const asked = [];
  return {
    pem,
    asked,
    /** @param {string} reference */
    publicKey: async (reference) => {
      asked.push(reference);
      return pem;
    },
    /**
     * @param {string} reference
     * @param {Uint8Array} digest
     */
    signDigest: async (reference, digest) => {
      asked.push(reference);
      writeFileSync(digestFile, digest);
      const padding = kind.startsWith('rsa') ? ['-pkeyopt', 'rsa_padding_mode:pkcs1'] : [];
      return new Uint8Array(
        await openssl(
          ...['pkeyutl', '-sign', '-inkey', key, '-in', digestFile],
          ...['-pkeyopt', 'digest:sha256', ...padding],
        ),
      );
    },
    [Symbol.dispose]: end,
  };
}
