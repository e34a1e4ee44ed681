/**
 * Greys to a Photoshop file: 8-bit RGB, white paper as the background and the ink as a layer above it.
 *
 * The format: https://www.adobe.com/devnet-apps/photoshop/fileformatashtml/
 */

const RGB = 3;
const RLE = 1;
const ALPHA = -1;
const OPAQUE = 255;
/** Flags of a layer; bit 0 protects the transparency, as Photoshop does with a background. */
const BACKGROUND = 1;
const LAYER = 0;

/**
 * @param {ArrayLike<number>} greys size * size, 255 paper to 0 ink
 * @param {number} size side in pixels
 * @param {string} name of the layer with the ink
 * @returns {Blob} a PSD, with its merged picture
 */
export function psdOf(greys, size, name) {
  const merged = packed(Uint8Array.from(greys, Math.round), size);
  const white = packed(new Uint8Array(size * size).fill(255), size);
  const black = packed(new Uint8Array(size * size), size);
  const coverage = packed(Uint8Array.from(greys, (grey) => 255 - Math.round(grey)), size);

  const paper = layerOf(size, 'Background', BACKGROUND, [[0, white], [1, white], [2, white]]);
  const ink = layerOf(size, name, LAYER, [[ALPHA, coverage], [0, black], [1, black], [2, black]]);
  const layers = even(new Blob([int16(2), paper.record, ink.record, paper.pixels, ink.pixels]));
  const nothing = int32(0);
  const head = ['8BPS', int16(1), new Uint8Array(6), int16(3), int32(size), int32(size), int16(8), int16(RGB)];
  return new Blob(
    [
      ...head,
      nothing, // no palette
      nothing, // no resources
      sized(sized(layers), nothing), // the layers; no mask for all of them
      int16(RLE),
      ...[merged, merged, merged].map(({ lengths }) => lengths),
      ...[merged, merged, merged].map(({ rows }) => rows),
    ],
    { type: 'image/vnd.adobe.photoshop' },
  );
}

/** A layer over all of the canvas; `channels` are pairs of an id (ALPHA, or 0..2 for red to blue) and its pixels. */
function layerOf(size, name, flags, channels) {
  const pixels = channels.map(([, { lengths, rows }]) => new Blob([int16(RLE), lengths, rows]));
  const record = new Blob([
    ...[0, 0, size, size].map(int32),
    int16(channels.length),
    ...channels.flatMap(([id], index) => [int16(id), int32(pixels[index].size)]),
    '8BIMnorm',
    new Uint8Array([OPAQUE, 0, flags, 0]),
    sized(int32(0), int32(0), pascal(name), '8BIMluni', sized(unicode(name))), // no mask, no blending ranges
  ]);
  return { record, pixels: new Blob(pixels) };
}

/** The old form of a name: Latin letters with a length before them, filled up to a multiple of four. */
function pascal(name) {
  const latin = Array.from(name.slice(0, 255), (letter) => Math.min(letter.charCodeAt(0), 255));
  const bytes = new Uint8Array(4 * Math.ceil((1 + latin.length) / 4));
  bytes.set([latin.length, ...latin]);
  return bytes;
}

/** The new form: UTF-16 with a length in units before it, filled up to a multiple of four. */
function unicode(name) {
  const units = Array.from({ length: 2 * Math.ceil(name.length / 2) }, (_, at) => int16(name.charCodeAt(at) || 0));
  return new Blob([int32(name.length), ...units]);
}

/** One channel, row by row, with the packed length of each row apart, as the format stores them. */
function packed(channel, size) {
  const rows = Array.from({ length: size }, (_, row) => packBits(channel.subarray(row * size, (row + 1) * size)));
  return { lengths: new Blob(rows.map(({ length }) => int16(length))), rows: new Blob(rows) };
}

/**
 * Apple's PackBits, which TIFF describes (TIFF 6.0, section 9): a byte n from 0 to 127 goes before n + 1 bytes as they
 * are, one from 129 to 255 before a byte that stands for 257 - n of its kind.
 */
function packBits(bytes) {
  const written = [];
  let plain = []; // not yet written
  const flush = () => {
    if (plain.length > 0) written.push(plain.length - 1, ...plain);
    plain = [];
  };
  for (let at = 0; at < bytes.length; ) {
    let end = at + 1;
    while (end < bytes.length && end - at < 128 && bytes[end] === bytes[at]) end += 1;
    if (end - at > 2) {
      flush();
      written.push(257 - (end - at), bytes[at]);
    } else {
      plain.push(...bytes.subarray(at, end));
      if (plain.length > 126) flush();
    }
    at = end;
  }
  flush();
  return new Uint8Array(written);
}

function sized(...parts) {
  const content = new Blob(parts);
  return new Blob([int32(content.size), content]);
}

const even = (blob) => (blob.size % 2 === 0 ? blob : new Blob([blob, new Uint8Array(1)]));
const bigEndian = (bytes, write) => (value) => {
  const view = new DataView(new ArrayBuffer(bytes));
  view[write](0, value);
  return view;
};
const int16 = bigEndian(2, 'setInt16');
const int32 = bigEndian(4, 'setInt32');
