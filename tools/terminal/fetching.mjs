// What a build of the terminal is fetched from: its own folder. Page and worker say the same where
// that fails.

export class FetchError extends Error {}

/** Return the response for the file `name` in the folder `base`. */
export async function fetched(base, name) {
  const response = await fetch(new URL(name, base)).catch(() => {
    throw new FetchError("A part of the terminal cannot be fetched. Are you offline?");
  });
  if (response.ok) return response;
  throw new FetchError("The course has been updated. Reload this page to run its commands.");
}

/** Return the response for the file `name`.gz, unpacked. Hosts differ in what they would do. */
export async function unzipped(base, name, headers = {}) {
  const { body } = await fetched(base, `${name}.gz`);
  return new Response(body.pipeThrough(new DecompressionStream("gzip")), { headers });
}

/** Return the bytes of the file `name`.gz, unpacked. */
export async function unzippedBytes(base, name) {
  const response = await unzipped(base, name);
  return new Uint8Array(await response.arrayBuffer());
}
