import { access, readFile, rename, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const ENCODERS = {
  br: (bytes) => promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
  gz: (bytes) => promisify(gzip)(bytes, { level: constants.Z_BEST_COMPRESSION }),
};

/** A compressed copy that saves less than this share of the file is not worth keeping. */
const LEAST_SAVING = 0.03;

/**
 * Writes `file.br` and `file.gz` beside a file, each where it is worth it, so that the server need not compress.
 *
 * @param {string} file under a name with its content's hash
 * @returns {Promise<string[]>} the copies' paths
 */
export async function writeCompressed(file) {
  const bytes = await readFile(file);
  const copies = await Promise.all(
    Object.entries(ENCODERS).map(async ([suffix, encode]) => {
      const copy = `${file}.${suffix}`;
      // An earlier build's copy is right: the same name means the same content.
      if (await access(copy).then(() => true, () => false)) return [copy];
      const encoded = await encode(bytes);
      if (encoded.length > (1 - LEAST_SAVING) * bytes.length) return [];
      // Written aside and renamed: an interrupted build must leave no piece that a later one takes for a copy.
      await writeFile(`${copy}.part`, encoded);
      await rename(`${copy}.part`, copy);
      return [copy];
    }),
  );
  return copies.flat();
}
