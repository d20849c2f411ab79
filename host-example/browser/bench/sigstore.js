// The same bundle verified by sigstore's own package, which runs in Node and calls Node's OpenSSL.

import { createPublicKey } from 'node:crypto';
import { bundleFromJSON } from '@sigstore/bundle';
import { Verifier, toSignedEntity, toTrustMaterial } from '@sigstore/verify';

/** No log and no authority is asked for: the key is what is trusted. */
const root = {
  mediaType: '',
  tlogs: [],
  certificateAuthorities: [],
  ctlogs: [],
  timestampAuthorities: [],
};
const thresholds = { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 };

/**
 * From the bundle's text and the key's to a verdict; what is not verified is thrown.
 * @param {{ bundle: string, publicKey: string, content: string }} options
 */
export function verifyWithSigstore({ bundle, publicKey, content }) {
  const key = { publicKey: createPublicKey(publicKey), validFor: () => true };
  const verifier = new Verifier(
    toTrustMaterial(root, () => key),
    thresholds,
  );
  verifier.verify(toSignedEntity(bundleFromJSON(JSON.parse(bundle)), Buffer.from(content)));
}
