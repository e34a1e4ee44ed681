/** Writes a Photoshop file with ag-psd: a description as JSON on standard input, the file on standard output. */

import { buffer } from 'node:stream/consumers';

import { writePsdBuffer } from 'ag-psd';

const pixels = ({ width, height, data }) => ({ width, height, data: new Uint8ClampedArray(Buffer.from(data, 'base64')) });

function layerOf({ picture, children, mask, ...rest }) {
  return {
    ...rest,
    ...(picture && { imageData: pixels(picture) }),
    ...(mask && { mask: { ...mask, imageData: pixels(mask.picture) } }),
    ...(children && { children: children.map(layerOf) }),
  };
}

const { merged, psb, children, ...document } = JSON.parse((await buffer(process.stdin)).toString());
const psd = { ...document, children: children.map(layerOf), ...(merged && { imageData: pixels(merged) }) };
process.stdout.write(writePsdBuffer(psd, { psb, noBackground: true, generateThumbnail: false }));
