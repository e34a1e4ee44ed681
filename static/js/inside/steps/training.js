/** Training: loss and accuracy by epoch, with and without dropout. */

import { element } from '../../element.js';
import { precisePercent, text } from '../../strings.js';
import { Chart } from '../chart.js';
import { count, decimal } from '../format.js';
import { Problem } from '../problem.js';

/** The columns of the table, and how each is written. */
const MEASURES = {
  loss: (value) => decimal(value, 3),
  val_loss: (value) => decimal(value, 3),
  accuracy: precisePercent,
  val_accuracy: precisePercent,
};

export function create(section) {
  const one = (selector) => section.querySelector(selector);
  const charts = [...section.querySelectorAll('.chart')].map((container) => new Chart(container));
  const slider = one('[name=epoch]');
  let shown = null;
  let runs = [];

  /** The runs of a card: with dropout, and without where it was trained. */
  function use(network) {
    const { history, history_without_dropout: without } = network.card;
    if (!history?.length) throw new Problem(text('training.none', { name: network.label }));
    runs = [
      { name: 'with', history },
      ...(without?.length ? [{ name: 'without', history: without }] : []),
    ];
    shown = network;
    for (const chart of charts) chart.show(runs);
    slider.max = Math.max(...runs.map((run) => run.history.length));
    slider.value = slider.max;
    one('.legend').replaceChildren(...runs.flatMap(({ name }) => ['training', 'validation'].map((set) => legend(name, set))));
    one('.words').replaceChildren(...runs.map((run) => element('span', {}, `${overfitting(run)} `)));
    one('.notes').textContent = notesOn(network.card, runs);
    turnTo();
  }

  function turnTo() {
    const epoch = slider.valueAsNumber;
    one('.epoch').textContent = count(epoch);
    for (const chart of charts) chart.mark(epoch);
    one('tbody').replaceChildren(...runs.map(({ name, history }) => tableRow(name, history[epoch - 1])));
  }

  slider.addEventListener('input', turnTo);
  return {
    update({ network }) {
      if (network !== shown) use(network);
    },
  };
}

function legend(run, set) {
  const mark = element('span', { class: `mark ${run} ${set}`, 'aria-hidden': 'true' });
  return element('li', {}, mark, text(`training.${run}-${set}`));
}

/** An epoch that a run did not reach leaves its cells empty. */
function tableRow(run, record) {
  const cells = Object.entries(MEASURES).map(([measure, write]) => {
    const known = record?.[measure] !== undefined;
    const cell = element('td', {}, known ? write(record[measure]) : '–');
    if (known) cell.dataset[measure] = record[measure];
    return cell;
  });
  return element('tr', {}, element('th', { scope: 'row' }, text(`training.${run}`)), ...cells);
}

/** How a run ended: whether the validation loss rose again, and the gap to the training loss. */
function overfitting({ name, history }) {
  const losses = history.map((record) => record.val_loss);
  const best = losses.indexOf(Math.min(...losses));
  const last = history.at(-1);
  return text(best < history.length - 1 ? `training.${name}-rose` : `training.${name}-fell`, {
    epoch: count(best + 1),
    lowest: decimal(losses[best], 3),
    last: decimal(last.val_loss, 3),
    training: decimal(last.loss, 3),
  });
}

/** What has to be known to read the curves. */
function notesOn({ training }, runs) {
  const notes = [text('training.measured')];
  if (Object.keys(training?.teachers ?? {}).length > 0) notes.push(text('training.taught'));
  else if (training?.label_smoothing > 0) notes.push(text('training.smoothed'));
  if (runs.length === 1) notes.push(text('training.only-with'));
  return notes.join(' ');
}
