// Signing, in the component without network, and pushing, in the one without the key.

import { offline, withNetwork } from './components.js';
import { area, button, element, input, save, show, say, takePassword, tell } from './elements.js';
import { openKey } from './key.js';

/**
 * @typedef {object} Signed
 * @property {string} name Of the files to be saved.
 * @property {string} [reference] Of an image.
 * @property {Record<string, string>} annotations
 * @property {Uint8Array} payload
 * @property {Uint8Array} signature
 * @property {string} bundle
 */

/** @type {Signed | undefined} */
let signed;

export function wireSigning() {
  element('sign', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    element('signed', HTMLElement).hidden = true;
    say('push-outcome', '');
    void tell('sign-outcome', 'Signing…', async () => {
      const [file] = input('file').files ?? [];
      if (file && input('image').value) throw new Error('an image or a file: empty one of them');
      return file ? signFile(file) : signImage(input('image').value.trim());
    });
  });
  for (const [id, of] of /** @type {const} */ ([
    ['save-signature', (/** @type {Signed} */ one) => [`${one.name}.sig`, base64(one.signature)]],
    ['save-payload', (/** @type {Signed} */ one) => [`${one.name}.payload.json`, one.payload]],
    ['save-bundle', (/** @type {Signed} */ one) => [`${one.name}.sigstore.json`, one.bundle]],
  ])) {
    button(id).addEventListener('click', () => {
      if (signed) save(.../** @type {[string, Uint8Array | string]} */ (of(signed)));
    });
  }
  button('push').addEventListener('click', () => {
    void tell('push-outcome', 'Pushing…', push);
  });
}

/**
 * @param {string} reference
 * @returns {Promise<[string, string]>}
 */
async function signImage(reference) {
  const [name = '', digest] = reference.split('@');
  if (!digest) throw new Error('name the image by its digest: registry.example/app@sha256:…');
  const key = openKey();
  const annotations = annotationsIn(input('annotations').value);
  const dockerReference = name.replace(/:[^/:]*$/, '');
  const payload = await offline.createPayload({ dockerReference, digest, annotations });
  const signature = await offline.signPayload(key, payload);
  const image = await offline.buildSignatureImage(digest, [{ payload, signature }]);
  // The message of this bundle is the payload.
  const { bundle } = await offline.signBlob(key, payload);
  signed = { name: image.tag.slice(0, 19), reference, annotations, payload, signature, bundle };
  const manifest = JSON.parse(new TextDecoder().decode(image.manifest));
  display(new TextDecoder().decode(payload), JSON.stringify(manifest, undefined, 2));
  input('verify-image').value = reference;
  area('kept-payload').value = new TextDecoder().decode(payload);
  return ['Signed. The signature image would be', `${dockerReference}:${image.tag}`];
}

/**
 * @param {File} file
 * @returns {Promise<[string]>}
 */
async function signFile(file) {
  const { signature, bundle } = await offline.signBlob(openKey(), file);
  signed = { name: file.name, annotations: {}, payload: new Uint8Array(), signature, bundle };
  display(`${file.name}, ${file.size} bytes, as it is`, undefined);
  area('kept-payload').value = '';
  return ['Signed.'];
}

/**
 * @param {string} payload
 * @param {string | undefined} manifest Of an image.
 */
function display(payload, manifest) {
  if (!signed) return;
  show('payload', payload);
  show('signature', base64(signed.signature));
  show('manifest', manifest);
  for (const id of ['to-push', 'save-payload', 'pushing']) {
    element(id, HTMLElement).hidden = manifest === undefined;
  }
  area('kept-signature').value = base64(signed.signature);
  element('signed', HTMLElement).hidden = false;
}

/** @returns {Promise<[string, ...string[]]>} */
async function push() {
  if (!signed?.reference) throw new Error('sign an image first');
  const { reference, payload, signature, annotations } = signed;
  const url = input('log-url').value.trim();
  if (!url) {
    const attached = await withNetwork(undefined, (signer) =>
      signer.attachSignature({ reference, payload, signature }),
    );
    return pushed(attached);
  }
  const password = takePassword('log-password');
  const log = { keys: [area('log-key').value] };
  return withNetwork(url, async (signer) => {
    const key = await signer.openKey(area('key-file').value, password);
    password.fill(0);
    const [image] = await signer.signImage(key, reference, { annotations, log });
    const entry = image?.signatures[0]?.log;
    if (!image?.attached[0] || !entry) throw new Error('nothing was attached');
    const [summary, ...details] = pushed(image.attached[0]);
    return [`Logged as entry ${entry.logIndex}. ${summary}`, ...details];
  });
}

/**
 * @param {import('../dist/signer.js').Attached} attached
 * @returns {[string, ...string[]]}
 */
function pushed({ repository, tag, manifestDigest, outcome }) {
  return [`Pushed, ${outcome}:`, `${repository}:${tag}`, manifestDigest];
}

/**
 * @param {string} text
 * @returns {Record<string, string>}
 */
function annotationsIn(text) {
  const pairs = text.split(/\s+/).filter(Boolean);
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, key, value] = /^([^=]+)=(.*)$/.exec(pair) ?? [];
      if (key === undefined || value === undefined) {
        throw new Error(`${pair}: expected an annotation, key=value`);
      }
      return [key, value];
    }),
  );
}

/** @param {Uint8Array} bytes */
function base64(bytes) {
  return btoa(String.fromCharCode(...bytes));
}
