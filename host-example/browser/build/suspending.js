// Which functions of the `signer` world wait for something outside, by the names that jco wants.

const version = '@0.1.0';

/** @param {Record<string, string[]>} interfaces */
function named(interfaces) {
  return Object.entries(interfaces).flatMap(([name, functions]) =>
    functions.map((one) => `cosignet:signing/${name}${version}#${one}`),
  );
}

/** Imports that the host answers with promises. */
export const suspendingImports = named({
  registry: ['resolve', 'fetch-manifests', 'fetch-blobs', 'list-referrers'],
  'registry-push': ['push-blobs', 'push-manifests', 'delete-manifests'],
  'transparency-log': ['submit', 'fetch-entries', 'search-entries', 'fetch-tiles'],
  'key-service': ['public-key', 'sign-digest'],
});

/** Exports that call one of them. */
export const suspendingExports = named({
  signing: ['sign-images', 'attest-images', 'attach-signature'],
  verification: ['verify-images', 'verify-attestations'],
  cleaning: ['find', 'remove'],
  'blob-signing': ['sign-blob', 'attest-blob'],
});
