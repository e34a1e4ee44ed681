/**
 * Fetches a built file, which lies beside the script.
 *
 * @throws {Error} when it does not arrive
 */
export async function fetched(file) {
  const response = await fetch(new URL(file, import.meta.url));
  if (!response.ok) throw new Error(`${file}: status ${response.status}`);
  return response;
}
