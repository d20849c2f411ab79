// Files that are dropped: text into the field below them, a file to be signed into its input.

/** Lets every text area and file input take what is dropped on it, and the page nothing. */
export function acceptDrops() {
  for (const name of /** @type {const} */ (['dragover', 'drop'])) {
    document.addEventListener(name, (event) => event.preventDefault());
  }
  for (const area of document.querySelectorAll('textarea')) {
    takeDrops(area, async (files) => {
      area.value = (await files[0]?.slice(0, longest).text()) ?? '';
    });
  }
  for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (
    document.querySelectorAll('input[type=file]')
  )) {
    takeDrops(input, async (files) => {
      input.files = files;
    });
  }
}

/**
 * @param {HTMLElement} target
 * @param {(files: FileList) => Promise<void>} take
 */
function takeDrops(target, take) {
  const mark = (/** @type {boolean} */ on) => target.classList.toggle('dropping', on);
  target.addEventListener('dragenter', () => mark(true));
  target.addEventListener('dragleave', () => mark(false));
  target.addEventListener('drop', (event) => {
    mark(false);
    const files = event.dataTransfer?.files;
    if (!files?.length) return;
    event.preventDefault();
    void take(files);
  });
}

/** Of a dropped text; no key, payload or bundle has more. */
const longest = 16 << 20;
