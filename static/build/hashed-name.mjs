import { createHash } from 'node:crypto';
import path from 'node:path';

/** "models/robust.bin" and its bytes to "robust-1A2B3C4D.bin": a new content gets a new name. */
export function hashedName(name, bytes) {
  const { name: stem, ext } = path.parse(name);
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 8).toUpperCase();
  return `${stem}-${hash}${ext}`;
}
