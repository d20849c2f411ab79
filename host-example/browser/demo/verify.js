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
  element('verdict', HTMLElement).hidden = true;
  void tell('verify-outcome', 'Verifying…', async () => {
    try {
      const report = await verify();
      display(report);
      return ['Verified:', report.digest];
    } catch (error) {
      const { report } = /** @type {import('../dist/offline.js').CosignetError} */ (error);
      if (report) display(report);
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

/** @param {import('../dist/offline.js').Report} report */
function display(report) {
  show('report', text(report));
  element('found', HTMLUListElement).replaceChildren(...report.signatures.map(line));
  element('verdict', HTMLElement).hidden = false;
}

/**
 * What became of one signature, in a line.
 * @param {import('../dist/offline.js').SignatureReport} signature
 */
function line({ index, format, counted, reason, keyFingerprint, log }) {
  const item = document.createElement('li');
  item.className = counted ? 'counted' : 'refused';
  const mark = document.createElement('b');
  mark.textContent = `${counted ? '✓' : '✗'} Signature ${index + 1}`;
  const logged = log ? `, entry ${log.logIndex} of the log` : '';
  const why = counted
    ? `counts: ${format}, by the key ${keyFingerprint?.slice(0, 12)}…${logged}`
    : `does not count: ${reason}`;
  item.append(mark, ' ', why);
  return item;
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
