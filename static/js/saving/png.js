/** Greys to a PNG file, written here because a canvas that is read back may hold noise (see ../raster.js). */

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const GREYSCALE = 0;
const INDEXED = 3;

/**
 * @param {ArrayLike<number>} greys size * size, 0..255
 * @param {number} size side in pixels
 * @param {Uint8Array | null} palette red, green, blue in place of each of the 256 greys
 * @returns {Promise<Blob>} an 8-bit PNG (W3C PNG specification, third edition)
 */
export async function pngOf(greys, size, palette = null) {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, size);
  header.setUint32(4, size);
  header.setUint8(8, 8);
  header.setUint8(9, palette ? INDEXED : GREYSCALE);

  // Each row starts with a byte that names its filter; 0 is none.
  const rows = new Uint8Array(size * (size + 1));
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      rows[row * (size + 1) + 1 + column] = Math.round(greys[row * size + column]);
    }
  }
  const deflated = new Blob([rows]).stream().pipeThrough(new CompressionStream('deflate'));
  const data = new Uint8Array(await new Response(deflated).arrayBuffer());
  const colours = palette ? [chunk('PLTE', palette)] : [];
  const first = chunk('IHDR', new Uint8Array(header.buffer));
  const chunks = [first, ...colours, chunk('IDAT', data), chunk('IEND', new Uint8Array())];
  return new Blob([new Uint8Array(SIGNATURE), ...chunks], { type: 'image/png' });
}

function chunk(type, data) {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/** The checksum of ISO 3309, bit by bit. */
function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
