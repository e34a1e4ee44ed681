import { percent, precisePercent, text } from '../strings.js';
import { element } from './element.js';

const NETWORKS = ['robust', 'classic'];

/** Only pictures that a comparison made are shown, wherever the rows came from. */
const safe = (url) => (/^data:image\/png;base64,/.test(url) ? url : '');

export const isMistake = (picture) => picture.label !== null && picture.models.robust.digit !== picture.label;
export const confidence = (picture) => Math.max(...picture.models.robust.probabilities);
export const nameOf = ({ name, layer }) => (layer ? `${name} › ${layer}` : name);

/**
 * One picture of the gallery.
 *
 * @param {object} picture a row of the comparison
 * @param {((picture: object, input: HTMLInputElement) => void) | null} onLabel null where labels are not edited
 */
export function card(picture, onLabel) {
  const mistake = isMistake(picture);
  return element(
    'li',
    { class: mistake ? 'card mistake' : 'card' },
    element(
      'div',
      { class: 'card-pictures' },
      element('img', { class: 'card-original', src: safe(picture.original), alt: text('card.original') }),
      element('img', { class: 'card-sees', src: safe(picture.models.robust.sees), alt: text('card.sees') }),
    ),
    element('p', { class: 'card-name', title: nameOf(picture) }, nameOf(picture)),
    element('p', { class: 'card-label' }, labelOf(picture, onLabel)),
    ...NETWORKS.map((name) => verdict(name, picture)),
    details(picture, mistake),
  );
}

function labelOf(picture, onLabel) {
  if (!onLabel) return `${text('card.label')}: ${picture.label ?? '–'}`;
  const input = element('input', {
    class: 'label',
    value: picture.label ?? '',
    inputMode: 'numeric',
    maxLength: 1,
    autocomplete: 'off',
    'aria-label': `${text('card.label')}: ${nameOf(picture)}`,
  });
  input.addEventListener('focus', () => input.select());
  input.addEventListener('input', () => {
    if (!/^\d?$/.test(input.value)) input.value = picture.label ?? '';
    else onLabel(picture, input);
  });
  return element('label', {}, `${text('card.label')} `, input);
}

function verdict(name, picture) {
  const { digit, probabilities } = picture.models[name];
  const said = digit === null ? text('card.blank') : `${digit} · ${percent(probabilities[digit])}`;
  const right = picture.label === null ? '' : text(digit === picture.label ? 'card.right' : 'card.wrong');
  return element('p', { class: 'card-verdict' }, `${name}: ${said} ${right}`);
}

function details(picture, mistake) {
  const parts = [bars(picture.models.robust.probabilities)];
  if (mistake) {
    const reasons = picture.suspect ? [text('card.suspect'), ...picture.reasons] : picture.reasons;
    if (reasons.length > 0) parts.push(element('ul', { class: 'reasons' }, ...reasons.map((reason) => element('li', {}, reason))));
    for (const [digit, examples] of Object.entries(picture.nearest)) {
      const images = examples.map((url) => element('img', { class: 'card-sees', src: safe(url), alt: '' }));
      parts.push(element('p', { class: 'nearest' }, text('card.nearest', { digit }), ...images));
    }
  }
  return element('details', { open: mistake && picture.reasons.length > 0 }, element('summary', {}, text('card.why')), ...parts);
}

/** The ten probabilities as a table with bars. */
function bars(probabilities) {
  const rows = probabilities.map((probability, digit) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, String(digit)),
      element('td', {}, element('meter', { max: 1, value: probability, 'aria-label': String(digit) })),
      element('td', {}, precisePercent(probability)),
    ),
  );
  return element('table', { class: 'probabilities' }, element('tbody', {}, ...rows));
}
