// Images to be signed, pushed with the package's own client.

import { createHash } from 'node:crypto';
import { RegistryClient } from '../../src/imports/registry/client.js';

const client = new RegistryClient({});

/**
 * Pushes the smallest image as `v1`, and gives its digest.
 * @param {string} place `HOST:PORT/REPOSITORY`
 */
export async function pushImage(place) {
  const content = bytes(
    '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}',
  );
  await client.pushBlob({ repository: place, digest: digestOf(content), content });
  const mediaType = 'application/vnd.oci.image.config.v1+json';
  const config = { mediaType, size: content.length, digest: digestOf(content) };
  const manifest = { schemaVersion: 2, mediaType: manifestType, config, layers: [] };
  return push(place, 'v1', manifest);
}

/**
 * Pushes an index as `many` that names the image, and gives the digests of both.
 * @param {string} place
 */
export async function pushIndex(place) {
  const digest = await pushImage(place);
  const { size } = await client.resolve({ repository: place, tag: digest });
  const platform = { architecture: 'amd64', os: 'linux' };
  const manifests = [{ mediaType: manifestType, size: Number(size), digest, platform }];
  const index = { schemaVersion: 2, mediaType: indexType, manifests };
  return [await push(place, 'many', index), digest];
}

/**
 * @param {string} place
 * @param {string} tag
 * @param {{ mediaType: string }} manifest
 */
async function push(place, tag, manifest) {
  const content = bytes(JSON.stringify(manifest));
  const { mediaType } = manifest;
  await client.pushManifest({ repository: place, reference: tag, mediaType, content });
  return digestOf(content);
}

/** @param {string} text */
function bytes(text) {
  return new TextEncoder().encode(text);
}

/** @param {Uint8Array} content */
function digestOf(content) {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';
