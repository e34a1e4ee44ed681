/** What is asked of a picture, a row of the comparison (see server/comparison/rows.py). */

export const NETWORKS = ['robust', 'classic'];

export const digitOf = (picture, network) => picture.models[network].digit;
export const confidence = (picture, network) => Math.max(...picture.models[network].probabilities);
export const isMistake = (picture, network) => picture.label !== null && digitOf(picture, network) !== picture.label;
export const nameOf = ({ name, layer }) => (layer ? `${name} › ${layer}` : name);
