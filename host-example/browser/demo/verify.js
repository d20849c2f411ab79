// Verifying: what was dropped or pasted, without network; what is in a registry, with it.

import { offline, withNetwork } from './components.js';
import { area, button, element, input, show, tell } from './elements.js';

export function wireVerification() {
  element('verify', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    judge(() => {
      const [file] = input('verify-file').files ?? [];
      const signature = area('kept-signature').value;
      if (file) return offline.verifyBlob(rules(), file, [{ signature }]);
      const payload = area('kept-payload').value;
      return offline.verifyDetached(rules(), reference(), [{ payload, signature }]);
    });
  });
  button('verify-registry').addEventListener('click', () => {
    judge(() => withNetwork(undefined, (signer) => signer.verifyImage(rules(), reference())));
  });
}

/** @param {() => Promise<import('../dist/offline.js').Report>} verify */
function judge(verify) {
  show('report', undefined);
  void tell('verify-outcome', 'Verifying…', async () => {
    try {
      const report = await verify();
      show('report', text(report));
      return `Verified: ${report.digest}`;
    } catch (error) {
      const { report } = /** @type {import('../dist/offline.js').CosignetError} */ (error);
      if (report) show('report', text(report));
      throw error;
    }
  });
}

function rules() {
  return { keys: [area('trusted-key').value] };
}

function reference() {
  return input('verify-image').value.trim();
}

/**
 * The report as the command line prints it: bytes are shown elsewhere.
 * @param {import('../dist/offline.js').Report} report
 */
function text(report) {
  const plain = (/** @type {string} */ _, /** @type {unknown} */ value) =>
    value instanceof Uint8Array ? undefined : value;
  return JSON.stringify(report, plain, 2);
}
