// The key: opened, or made, in the component without network.

import { offline } from './components.js';
import { area, button, element, input, save, show, takePassword, tell } from './elements.js';

/** @type {import('../dist/offline.js').Key | undefined} */
let opened;

/** The open key. */
export function openKey() {
  if (!opened) throw new Error('open a key first');
  return opened;
}

export function wireKey() {
  element('key', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    void tell('key-outcome', 'Opening: slow by design…', () => open(takePassword('password')));
  });
  button('make-key').addEventListener('click', () => {
    void tell('key-outcome', 'Making a pair: slow by design…', async () => {
      const password = takePassword('password');
      if (password.length === 0) {
        return refuse('type the password that the new key shall have');
      }
      const pair = await offline.generateKeyPair(password);
      area('key-file').value = pair.privateKey;
      button('save-key').hidden = false;
      const [summary, ...details] = await open(password);
      return [`${summary} It is new: save it.`, ...details];
    });
  });
  button('save-key').addEventListener('click', () => save('cosign.key', area('key-file').value));
}

/**
 * @param {Uint8Array} password Wiped.
 * @returns {Promise<[summary: string, ...details: string[]]>}
 */
async function open(password) {
  await opened?.close();
  opened = undefined;
  mayBeSigned(false);
  show('public-key', undefined);
  try {
    opened = await offline.openKey(area('key-file').value, password);
  } catch (error) {
    const { code, message } = /** @type {import('../dist/offline.js').CosignetError} */ (error);
    if (code === 'wrong-password') return refuse(message);
    throw error;
  } finally {
    password.fill(0);
  }
  input('password').removeAttribute('aria-invalid');
  mayBeSigned(true);
  show('public-key', opened.pem);
  area('trusted-key').value ||= opened.pem;
  return [`Open: ${opened.algorithm}.`, `SHA-256 ${opened.fingerprint}`];
}

/**
 * Leads back to the password.
 * @param {string} why
 * @returns {never}
 */
function refuse(why) {
  input('password').ariaInvalid = 'true';
  input('password').focus();
  throw new Error(why);
}

/** @param {boolean} may */
function mayBeSigned(may) {
  button('sign-now').disabled = !may;
  element('no-key', HTMLElement).hidden = may;
}
