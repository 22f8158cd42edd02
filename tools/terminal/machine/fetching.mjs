// What a build of the terminal is fetched from: its own folder. Page and worker say the same where
// that fails.

/** The build's own folder, and the one that holds every build; as URLs that end with a slash. */
export const BUILD = new URL("../", import.meta.url).href;
export const BUILDS = new URL("../../", import.meta.url).href;

export class FetchError extends Error {}

/** Return the response for the build's file `name`. */
export async function fetched(name) {
  const response = await fetch(new URL(name, BUILD)).catch(() => {
    throw new FetchError("A part of the terminal cannot be fetched. Are you offline?");
  });
  if (response.ok) return response;
  throw new FetchError("The course has been updated. Reload this page to run its commands.");
}

/** Return the response for the file `name`.gz, unpacked. Hosts differ in what they would do. */
export async function unzipped(name, headers = {}) {
  const { body } = await fetched(`${name}.gz`);
  return new Response(body.pipeThrough(new DecompressionStream("gzip")), { headers });
}

/** Return the bytes of the file `name`.gz, unpacked. */
export async function unzippedBytes(name) {
  const response = await unzipped(name);
  return new Uint8Array(await response.arrayBuffer());
}
