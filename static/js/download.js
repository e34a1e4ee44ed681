/** A browser may still read the file for a while after the click. Milliseconds. */
const READING = 60_000;

/**
 * Gives the person a file.
 *
 * @param {Blob} blob
 * @param {string} name of the file
 */
export function download(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), READING);
}
