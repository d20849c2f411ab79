// `key-service`: a page lends none.

/** @returns {never} */
function unsupported() {
  const payload = { tag: 'unsupported', val: 'no key service is lent here: open a key file' };
  throw Object.assign(new Error(payload.val), { payload });
}

export const keyService = {
  publicKey: async () => unsupported(),
  signDigest: async () => unsupported(),
};
