// What the worker can be asked with either component: keys, payloads, signatures and blobs.

import { CosignetError, caseOf } from '../errors.js';
import { witRules } from '../calls/policy.js';
import { logged, unverified, verified } from '../calls/report.js';
import { bytesOf, objectOf, pairsOf } from '../calls/values.js';
import { fill } from './blob.js';

/** @typedef {import('../component/offline.js').Exports} Exports */
/** @typedef {import('../calls/policy.js').Rules} Rules */
/** @typedef {import('../calls/values.js').Bytes} Bytes */
/** @typedef {import('../../dist/offline/interfaces/cosignet-signing-keys.js').PrivateKey} PrivateKey */
/** @typedef {import('../../dist/offline/interfaces/cosignet-signing-policy.js').Policy} Policy */
/** @typedef {import('../../dist/offline/interfaces/cosignet-signing-blobs.js').Blob} WitBlob */

/** The calls, by name. What comes in and goes out can be cloned. */
export class OfflineCalls {
  /** @type {Map<number, PrivateKey>} */
  #keys = new Map();
  #nextKey = 1;

  /** @param {Exports} component */
  constructor(component) {
    this.component = component;
  }

  /** @param {Uint8Array} password Wiped. */
  generateKeyPair(password) {
    return wiping([password], () => this.component.keys.generate(password));
  }

  /**
   * @param {Uint8Array} pem Wiped.
   * @param {Uint8Array} password Wiped.
   */
  importKeyPair(pem, password) {
    return wiping([pem, password], () => this.component.keys.importPem(pem, password));
  }

  /** @param {Bytes} pem */
  readPublicKey(pem) {
    return this.component.keys.readPublicKey(bytesOf(pem));
  }

  /**
   * @param {Bytes} file
   * @param {Uint8Array} password Wiped.
   */
  openKey(file, password) {
    const key = wiping([password], () =>
      this.component.keys.PrivateKey.open(bytesOf(file), password),
    );
    const id = this.#nextKey++;
    this.#keys.set(id, key);
    return { id, ...key.publicKey() };
  }

  /** @param {number} id */
  closeKey(id) {
    const key = this.#keys.get(id);
    this.#keys.delete(id);
    if (key) dispose(key);
  }

  /** @param {number} id */
  key(id) {
    const key = this.#keys.get(id);
    if (!key) throw new CosignetError('closed', 'the key was closed');
    return key;
  }

  /** @param {import('../offline.js').Payload} content */
  createPayload({ dockerReference, digest, annotations = {} }) {
    return this.component.payload.create({
      dockerReference,
      digest,
      annotations: pairsOf(annotations),
    });
  }

  /** @param {Bytes} bytes */
  parsePayload(bytes) {
    const content = this.component.payload.parse(bytesOf(bytes));
    return { ...content, annotations: objectOf(content.annotations) };
  }

  /**
   * @param {number} key
   * @param {Bytes} payload
   */
  signPayload(key, payload) {
    return this.component.detachedSigning.signPayload(this.key(key), bytesOf(payload));
  }

  /**
   * @param {string} digest
   * @param {import('../offline.js').PayloadSignature[]} signatures
   */
  buildSignatureImage(digest, signatures) {
    const image = this.component.detachedSigning.buildSignatureImage(
      digest,
      signatures.map(({ payload, signature }) => ({ payload: bytesOf(payload), signature })),
    );
    return {
      ...image,
      manifestDescriptor: descriptor(image.manifestDescriptor),
      configDescriptor: descriptor(image.configDescriptor),
    };
  }

  /**
   * @param {Rules} rules
   * @param {string} reference
   * @param {import('../offline.js').DetachedSignature[]} signatures
   */
  verifyDetached(rules, reference, signatures) {
    return this.judging('signature', rules, (policy) =>
      this.component.detachedVerification.verifyDetached(
        policy,
        reference,
        signatures.map(({ payload, ...signature }) => ({
          payload: bytesOf(payload),
          ...stored(signature),
        })),
      ),
    );
  }

  /**
   * @param {number} key
   * @param {import('./blob.js').Content} content
   */
  async signBlob(key, content) {
    const { detachedBlobSigning } = this.component;
    return this.withBlob(detachedBlobSigning.newBlob(this.key(key)), content, (blob) => {
      const { signature, files } = detachedBlobSigning.signBlob(this.key(key), blob);
      return { signature, ...blobFiles(files) };
    });
  }

  /**
   * @param {number} key
   * @param {import('./blob.js').Content} content
   * @param {import('../offline.js').Statement} statement
   */
  async attestBlob(key, content, { name, predicateType, predicate }) {
    const { detachedBlobSigning } = this.component;
    return this.withBlob(detachedBlobSigning.newBlob(this.key(key)), content, (blob) => {
      const { files, ...signed } = detachedBlobSigning.attestBlob(this.key(key), blob, name, {
        predicateType,
        content: bytesOf(predicate),
      });
      return { ...signed, ...blobFiles(files) };
    });
  }

  /**
   * @param {Rules} rules
   * @param {import('./blob.js').Content} content
   * @param {import('../offline.js').StoredSignature[]} signatures
   */
  async verifyBlob(rules, content, signatures) {
    return this.judging('signature', rules, (policy) =>
      this.withBlob(this.component.blobs.Blob.forPolicy(policy), content, (blob) =>
        this.component.blobVerification.verifyBlob(policy, blob, signatures.map(stored)),
      ),
    );
  }

  /**
   * @param {Rules} rules
   * @param {import('./blob.js').Content} content
   * @param {string} predicateType
   * @param {import('../offline.js').StoredSignature[]} attestations
   */
  async verifyBlobAttestation(rules, content, predicateType, attestations) {
    return this.judging('attestation', rules, (policy) =>
      this.withBlob(this.component.blobs.Blob.forPolicy(policy), content, (blob) =>
        this.component.blobVerification.verifyBlobAttestation(
          policy,
          blob,
          predicateType,
          attestations.map(stored),
        ),
      ),
    );
  }

  /**
   * Runs one verification under a policy. What is not verified is an error with the report.
   * @param {import('../calls/report.js').Kind} kind
   * @param {Rules} rules
   * @param {(policy: Policy) => Judged | Promise<Judged>} verify
   * @typedef {Parameters<typeof verified>[0]} Judged
   */
  async judging(kind, rules, verify) {
    const policy = this.component.policy.Policy.create(witRules(rules));
    try {
      return verified(await verify(policy));
    } catch (thrown) {
      const found = caseOf(thrown);
      if (found?.tag !== 'no-match') throw thrown;
      const report = unverified(kind, /** @type {any} */ (found.val));
      throw new CosignetError(found.tag, `no matching ${kind}s`, { report });
    } finally {
      dispose(policy);
    }
  }

  /**
   * Fills a blob with content, and uses it.
   * @template T
   * @param {WitBlob} blob
   * @param {import('./blob.js').Content} content
   * @param {(blob: WitBlob) => T | Promise<T>} use
   */
  async withBlob(blob, content, use) {
    try {
      await fill(blob, content);
      return await use(blob);
    } finally {
      dispose(blob);
    }
  }
}

/** @param {import('../../dist/offline/interfaces/cosignet-signing-blobs.js').BlobFiles} files */
export function blobFiles({ bundle, oldBundle, log }) {
  return {
    bundle,
    ...(oldBundle !== undefined && { oldBundle }),
    ...(log && { log: logged(log) }),
  };
}

/** @param {import('../offline.js').StoredSignature} signature */
function stored({ signature, logEntry }) {
  return {
    signature: bytesOf(signature),
    ...(logEntry !== undefined && { logEntry: bytesOf(logEntry) }),
  };
}

/** @param {import('../../dist/offline/interfaces/cosignet-signing-types.js').Descriptor} descriptor */
function descriptor({ size, ...rest }) {
  return { ...rest, size: Number(size) };
}

/**
 * @template T
 * @param {Uint8Array[]} secrets
 * @param {() => T} use
 */
function wiping(secrets, use) {
  try {
    return use();
  } finally {
    for (const secret of secrets) secret.fill(0);
  }
}

/**
 * Gives a resource back to the component, which wipes it.
 * @param {object} resource
 */
function dispose(resource) {
  /** @type {{ [DISPOSE](): void }} */ (resource)[DISPOSE]();
}

// Where an engine has no `Symbol.dispose`, jco calls it so.
/** @type {typeof Symbol.dispose} */
const DISPOSE = Symbol.dispose ?? Symbol.for('dispose');
