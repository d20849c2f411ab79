// The key: opened, or made, in the component without network.

import { offline } from './components.js';
import { area, button, element, save, show, takePassword, tell } from './elements.js';

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
    void tell('key-outcome', 'Making a pair…', async () => {
      const password = takePassword('password');
      if (password.length === 0) throw new Error('type the password that the new key shall have');
      const pair = await offline.generateKeyPair(password);
      area('key-file').value = pair.privateKey;
      button('save-key').hidden = false;
      return `${await open(password)} It is new: save it.`;
    });
  });
  button('save-key').addEventListener('click', () => save('cosign.key', area('key-file').value));
}

/** @param {Uint8Array} password Wiped. */
async function open(password) {
  await opened?.close();
  opened = undefined;
  button('sign-now').disabled = true;
  show('public-key', undefined);
  try {
    opened = await offline.openKey(area('key-file').value, password);
  } finally {
    password.fill(0);
  }
  button('sign-now').disabled = false;
  show('public-key', opened.pem);
  area('trusted-key').value ||= opened.pem;
  return `Open: ${opened.algorithm}, SHA-256 ${opened.fingerprint}.`;
}
