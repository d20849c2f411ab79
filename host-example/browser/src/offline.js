// `cosignet/offline`: keys, payloads, signatures and files, with a component that can ask for
// randomness and for nothing else. It runs in a worker.

import imports from '../dist/offline/imports.js';
import { Key } from './key.js';
import { Client } from './worker/client.js';

export { Key };
export { CosignetError } from './errors.js';

/** @typedef {import('./calls/policy.js').Rules} Rules */
/** @typedef {import('./calls/policy.js').TrustedKey} TrustedKey */
/** @typedef {import('./calls/policy.js').LogTrust} LogTrust */
/** @typedef {import('./calls/report.js').Report} Report */
/** @typedef {import('./calls/report.js').SignatureReport} SignatureReport */
/** @typedef {import('./calls/report.js').LoggedEntry} LoggedEntry */
/** @typedef {import('./calls/values.js').Bytes} Bytes */
/** @typedef {import('./worker/blob.js').Content} Content */

/**
 * @typedef {object} KeyPair
 * @property {string} privateKey Encrypted, PEM: cosign's `cosign.key`.
 * @property {string} publicKey PEM: cosign's `cosign.pub`.
 */

/**
 * @typedef {object} PublicKeyInfo
 * @property {'ecdsa-p256' | 'ecdsa-p384' | 'ecdsa-p521' | 'rsa2048' | 'rsa3072' | 'rsa4096' | 'ed25519'} algorithm
 * @property {string} pem
 * @property {string} fingerprint SHA-256 of the SubjectPublicKeyInfo, hexadecimal.
 */

/**
 * What a signature of an image says.
 * @typedef {object} Payload
 * @property {string} dockerReference Registry and repository, without tag or digest.
 * @property {string} digest
 * @property {Record<string, string>} [annotations]
 */

/**
 * @typedef {object} PayloadSignature
 * @property {Bytes} payload
 * @property {Uint8Array} signature
 */

/**
 * A signature as it was kept: base64, bytes, or a bundle.
 * @typedef {object} StoredSignature
 * @property {Bytes} signature
 * @property {Bytes} [logEntry] cosign's annotation `dev.sigstore.cosign/bundle`.
 */

/** @typedef {StoredSignature & { payload: Bytes }} DetachedSignature */

/**
 * @typedef {object} Descriptor
 * @property {string} mediaType
 * @property {string} digest
 * @property {number} size
 */

/**
 * An image that holds signatures, as cosign stores it: ready to be pushed.
 * @typedef {object} SignatureImage
 * @property {string} tag
 * @property {Uint8Array} manifest
 * @property {Descriptor} manifestDescriptor
 * @property {Uint8Array} config
 * @property {Descriptor} configDescriptor
 */

/**
 * @typedef {object} BlobFiles
 * @property {string} bundle A sigstore bundle v0.3, JSON.
 * @property {string} [oldBundle] cosign 2's `--bundle`, JSON.
 * @property {LoggedEntry} [log]
 */

/** @typedef {BlobFiles & { signature: Uint8Array }} SignedBlob */
/** @typedef {BlobFiles & { statement: Uint8Array, envelope: string }} AttestedBlob */

/**
 * @typedef {object} Statement
 * @property {string} predicateType A URI.
 * @property {Bytes} predicate JSON.
 * @property {string} [name] What the statement calls the file.
 */

/** The `offline` world of the component, in a worker. */
export class Offline {
  /** @param {Client} client */
  constructor(client) {
    /** @protected */
    this.client = client;
  }

  /**
   * All that the component can do to the outside.
   * @type {string[]}
   */
  get imports() {
    return imports;
  }

  /**
   * Makes a P-256 key pair, in cosign's files. The worker's copy of the password is wiped.
   * @param {Uint8Array} password
   * @returns {Promise<KeyPair>}
   */
  generateKeyPair(password) {
    return this.client.call('generateKeyPair', password);
  }

  /**
   * Makes a key pair of a plain private key: PKCS#8, PKCS#1 or SEC 1 in PEM.
   * @param {Uint8Array} pem
   * @param {Uint8Array} password
   * @returns {Promise<KeyPair>}
   */
  importKeyPair(pem, password) {
    return this.client.call('importKeyPair', pem, password);
  }

  /**
   * @param {Bytes} pem
   * @returns {Promise<PublicKeyInfo>}
   */
  readPublicKey(pem) {
    return this.client.call('readPublicKey', pem);
  }

  /**
   * Opens an encrypted private key; the slow step, a fraction of a second by design. An open key signs
   * any number of times.
   * @param {Bytes} file
   * @param {Uint8Array} password
   */
  async openKey(file, password) {
    return new Key(this.client, await this.client.call('openKey', file, password));
  }

  /**
   * The bytes to be signed for an image: cosign's, for the same input.
   * @param {Payload} content
   * @returns {Promise<Uint8Array>}
   */
  createPayload(content) {
    return this.client.call('createPayload', content);
  }

  /**
   * Reads a payload. It proves nothing: verify its signature first.
   * @param {Bytes} bytes
   * @returns {Promise<Required<Payload>>}
   */
  parsePayload(bytes) {
    return this.client.call('parsePayload', bytes);
  }

  /**
   * Signs a payload's bytes as they are.
   * @param {Key} key
   * @param {Bytes} payload
   * @returns {Promise<Uint8Array>}
   */
  async signPayload(key, payload) {
    return this.client.call('signPayload', Key.idOf(key, this.client), payload);
  }

  /**
   * The image of these signatures, for the signed image with this digest.
   * @param {string} digest
   * @param {PayloadSignature[]} signatures
   * @returns {Promise<SignatureImage>}
   */
  buildSignatureImage(digest, signatures) {
    return this.client.call('buildSignatureImage', digest, signatures);
  }

  /**
   * Verifies signatures of the image that the reference names by digest. What is not verified is an
   * error, with the report in it.
   * @param {Rules} rules
   * @param {string} reference
   * @param {DetachedSignature[]} signatures
   * @returns {Promise<Report>}
   */
  verifyDetached(rules, reference, signatures) {
    return this.client.call('verifyDetached', rules, reference, signatures);
  }

  /**
   * Signs a file.
   * @param {Key} key
   * @param {Content} content
   * @returns {Promise<SignedBlob>}
   */
  async signBlob(key, content) {
    return this.client.call('signBlob', Key.idOf(key, this.client), content);
  }

  /**
   * Signs a statement about a file.
   * @param {Key} key
   * @param {Content} content
   * @param {Statement} statement
   * @returns {Promise<AttestedBlob>}
   */
  async attestBlob(key, content, statement) {
    return this.client.call('attestBlob', Key.idOf(key, this.client), content, statement);
  }

  /**
   * Verifies signatures of a file: base64, bytes, and both forms of bundles.
   * @param {Rules} rules
   * @param {Content} content
   * @param {StoredSignature[]} signatures
   * @returns {Promise<Report>}
   */
  verifyBlob(rules, content, signatures) {
    return this.client.call('verifyBlob', rules, content, signatures);
  }

  /**
   * Verifies attestations of a file, with a predicate of this type.
   * @param {Rules} rules
   * @param {Content} content
   * @param {string} predicateType
   * @param {StoredSignature[]} attestations
   * @returns {Promise<Report>}
   */
  verifyBlobAttestation(rules, content, predicateType, attestations) {
    return this.client.call('verifyBlobAttestation', rules, content, predicateType, attestations);
  }

  /** Ends the worker, and wipes all that is in it by giving its memory back. */
  close() {
    this.client.close();
  }
}

/** Starts the component in a worker. */
export async function start() {
  return new Offline(
    await Client.start(new URL('./worker/offline.js', import.meta.url), undefined),
  );
}
