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
 * Runs what a person asked for, once at a time, and says what became of it.
 * @param {string} outcome The element to say it in.
 * @param {string} meanwhile
 * @param {() => Promise<[summary: string, ...details: string[]]>} work
 */
export async function tell(outcome, meanwhile, work) {
  const target = element(outcome, HTMLOutputElement);
  if (target.ariaBusy === 'true') return;
  target.ariaBusy = 'true';
  say(outcome, '', meanwhile);
  try {
    say(outcome, 'good', ...(await work()));
  } catch (error) {
    say(outcome, 'bad', error instanceof Error ? error.message : String(error));
  } finally {
    target.ariaBusy = 'false';
  }
}

/**
 * @param {string} outcome
 * @param {'good' | 'bad' | ''} kind
 * @param {string} [summary]
 * @param {...string} details References and digests, a line for each.
 */
export function say(outcome, kind, summary = '', ...details) {
  const target = element(outcome, HTMLOutputElement);
  const lines = details.map((detail) => {
    const line = document.createElement('code');
    line.textContent = detail;
    return [' ', line];
  });
  target.replaceChildren(...(summary ? [summary] : []), ...lines.flat());
  target.className = kind;
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
