import { argmax } from '../argmax.js';
import { element } from '../element.js';
import { percent, precisePercent, text } from '../strings.js';
import { NETWORKS, digitOf, isMistake, nameOf } from './picture.js';

/** Only pictures that a comparison made are shown, wherever the rows came from. */
const safe = (url) => (/^data:image\/png;base64,/.test(url) ? url : '');

/** Not to be dragged: a browser would take it for a file that is dropped on the page. */
const image = (name, url, alt) => element('img', { class: name, src: safe(url), alt, draggable: false });

/** One picture of the gallery. */
export class Card {
  #picture;
  #network;
  #verdicts = element('div');
  #why = element('div');

  /**
   * @param {object} picture a row of the comparison
   * @param {string} network whose view of the picture is shown
   * @param {((picture: object, digit: number | null) => void) | null} onLabel null where labels are not edited
   */
  constructor(picture, network, onLabel) {
    this.#picture = picture;
    this.#network = network;
    this.input = onLabel && labelInput(picture, onLabel);
    const { digit, probabilities } = picture.models[network];
    this.node = element(
      'li',
      {},
      element(
        'div',
        { class: 'card-pictures' },
        image('card-original', picture.original, text('card.original')),
        image('card-sees', picture.models[network].sees, text('card.sees')),
      ),
      element('p', { class: 'card-name', title: nameOf(picture) }, ...breakable(nameOf(picture))),
      this.#verdicts,
      this.input
        ? element('label', {}, `${text('card.label')} `, this.input)
        : element('p', {}, `${text('card.label')} ${picture.label ?? '–'}`),
      digit === null ? '' : columns(probabilities), // of which there are ten equal ones, where nothing is drawn
      this.#why,
      digit === null ? '' : exactly(probabilities),
    );
    this.show();
  }

  /** Brings the card in step with the picture's label. */
  show() {
    const mistake = isMistake(this.#picture, this.#network);
    this.node.className = mistake ? 'card mistake' : 'card';
    this.#verdicts.replaceChildren(...NETWORKS.map((name) => verdict(name, this.#picture)));
    this.#why.replaceChildren(...(mistake ? reasonsFor(this.#picture, digitOf(this.#picture, this.#network)) : []));
  }
}

/** A path that breaks after its folders rather than within a word. */
const breakable = (path) => path.match(/[^/]+\/?|\//g).flatMap((part) => [part, element('wbr')]);

function labelInput(picture, onLabel) {
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
    if (/^\d?$/.test(input.value)) onLabel(picture, input.value === '' ? null : Number(input.value));
    else input.value = picture.label ?? '';
  });
  return input;
}

function verdict(name, picture) {
  const { digit, probabilities } = picture.models[name];
  const said = digit === null ? text('card.blank') : `${digit} · ${percent(probabilities[digit])}`;
  const right = picture.label === null ? '' : text(digit === picture.label ? 'card.right' : 'card.wrong');
  const network = element('span', {}, `${text(`network.${name}`)}: `);
  return element('p', { class: 'card-verdict' }, network, element('span', {}, `${said} ${right}`));
}

/** Why a picture may be misread: what is unusual about it, and MNIST's examples of the digit read and of the label. */
function reasonsFor(picture, digit) {
  const reasons = [...(picture.suspect ? [text('card.suspect')] : []), ...picture.reasons];
  const list = element('ul', { class: 'reasons' }, ...reasons.map((reason) => element('li', {}, reason)));
  const near = [digit, picture.label].filter((shown) => picture.nearest[shown]?.length > 0);
  const examples = near.map((shown) => {
    const images = picture.nearest[shown].map((url) => image('card-sees', url, ''));
    return element('p', { class: 'nearest' }, element('span', {}, text('card.nearest', { digit: shown })), ...images);
  });
  return [...(reasons.length > 0 ? [list] : []), ...examples];
}

/** The ten probabilities at a glance; the table below tells them to everybody. */
function columns(probabilities) {
  const most = argmax(probabilities);
  const column = (probability, digit) => {
    const bar = element('i');
    bar.style.transform = `scaleY(${probability})`;
    return element('span', { class: digit === most ? 'most' : '' }, bar, String(digit));
  };
  return element('div', { class: 'columns', 'aria-hidden': true }, ...probabilities.map(column));
}

/** The ten probabilities in numbers, made when they are asked for: most never are, and a thousand tables are slow. */
function exactly(probabilities) {
  const details = element('details', {}, element('summary', {}, text('card.exactly')));
  const row = (probability, digit) =>
    element('tr', {}, element('th', { scope: 'row' }, String(digit)), element('td', {}, precisePercent(probability)));
  details.addEventListener(
    'toggle',
    () => details.append(element('table', { class: 'probabilities' }, element('tbody', {}, ...probabilities.map(row)))),
    { once: true },
  );
  return details;
}
