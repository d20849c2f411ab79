// The page: what was asked for in its address, and who listens to what.

import offlineImports from '../dist/offline/imports.js';
import signerImports from '../dist/signer/imports.js';
import { acceptDrops } from './drop.js';
import { area, element, input } from './elements.js';
import { wireKey } from './key.js';
import { wireSigning } from './sign.js';
import { wireVerification } from './verify.js';

wireKey();
wireSigning();
wireVerification();
acceptDrops();
listImports('offline-imports', offlineImports);
listImports('signer-imports', signerImports);

// `just web` names its image and its log there; a fragment is sent to nobody.
const asked = new URLSearchParams(location.hash.slice(1));
input('image').value = asked.get('image') ?? '';
input('log-url').value = asked.get('log') ?? '';
area('log-key').value = asked.get('log-key') ?? '';
document.body.dataset['ready'] = String(Math.round(performance.now()));

/**
 * @param {string} id
 * @param {string[]} imports
 */
function listImports(id, imports) {
  const items = imports.map((name) => {
    const item = document.createElement('li');
    item.textContent = name;
    return item;
  });
  element(id, HTMLUListElement).replaceChildren(...items);
}
