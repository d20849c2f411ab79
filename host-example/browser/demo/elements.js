// The page's elements, typed, and what is said in them.

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 */
export function element(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${type.name} #${id}`);
  return found;
}

/** @param {string} id */
export const input = (id) => element(id, HTMLInputElement);
/** @param {string} id */
export const area = (id) => element(id, HTMLTextAreaElement);
/** @param {string} id */
export const button = (id) => element(id, HTMLButtonElement);

/**
 * Shows text, or hides the element.
 * @param {string} id
 * @param {string | undefined} text
 */
export function show(id, text) {
  const target = element(id, HTMLElement);
  target.textContent = text ?? '';
  target.hidden = text === undefined;
}

/**
 * Runs what a person asked for, and says what became of it.
 * @param {string} outcome The element to say it in.
 * @param {string} meanwhile
 * @param {() => Promise<string>} work
 */
export async function tell(outcome, meanwhile, work) {
  const target = element(outcome, HTMLOutputElement);
  target.className = '';
  target.value = meanwhile;
  try {
    target.value = await work();
    target.className = 'good';
  } catch (error) {
    target.value = error instanceof Error ? error.message : String(error);
    target.className = 'bad';
  }
}

/**
 * The password of a field, which is emptied.
 * @param {string} id
 */
export function takePassword(id) {
  const field = input(id);
  const password = new TextEncoder().encode(field.value);
  field.value = '';
  return password;
}

/**
 * @param {string} name
 * @param {Uint8Array | string} content
 */
export function save(name, content) {
  const part = /** @type {Uint8Array<ArrayBuffer> | string} */ (content);
  const url = URL.createObjectURL(new Blob([part]));
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  link.click();
  // The download has begun by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
