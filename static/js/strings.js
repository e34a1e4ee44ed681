/** The page's texts and number forms in its language. The texts live in the catalogs; the template hands them over. */

const texts = JSON.parse(document.getElementById('strings').textContent);
/** Forms of numbers by their options: the browser takes some milliseconds for the first one, so each waits until it is used. */
const forms = new Map();

function form(options) {
  if (!forms.has(options)) forms.set(options, new Intl.NumberFormat(document.documentElement.lang, options));
  return forms.get(options);
}

const ONE_DECIMAL = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
const PERCENT = { style: 'percent' };
const PRECISE_PERCENT = { style: 'percent', ...ONE_DECIMAL };
const POINTS = { signDisplay: 'exceptZero', ...ONE_DECIMAL };

/**
 * @param {string} key
 * @param {Record<string, unknown>} values for the {placeholders}
 */
export function text(key, values = {}) {
  return texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** An error of float32: what is as near to certainty is certain. */
const ERROR = 1e-6;

/** 0.986 to "98%": rounded down, so that only certainty is 100 %. */
export const percent = (share) => form(PERCENT).format(Math.floor((share + ERROR) * 100) / 100);

/** A share in thousandths: only certainty is 1. */
export const inThousandths = (share) => (share < 1 - ERROR ? Math.min(Math.round(share * 1000), 999) : 1000) / 1000;

/** 0.984 to "98.4%". */
export const precisePercent = (share) => form(PRECISE_PERCENT).format(inThousandths(share));

/** -0.0213 to "−2.1": a difference of shares in percentage points. */
export const percentagePoints = (difference) => form(POINTS).format(100 * difference).replace('-', '−');

/** Makes the forms that the first answer takes, lest it wait for them. */
export function prepareForms() {
  [PERCENT, PRECISE_PERCENT].forEach(form);
}
