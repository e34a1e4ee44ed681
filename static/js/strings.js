/** The page's texts and number forms in its language. The texts live in the catalogs; the template hands them over. */

const texts = JSON.parse(document.getElementById('strings').textContent);
const format = new Intl.NumberFormat(document.documentElement.lang, { style: 'percent' });
const formatPrecise = new Intl.NumberFormat(document.documentElement.lang, {
  style: 'percent',
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});

/**
 * @param {string} key
 * @param {Record<string, unknown>} values for the {placeholders}
 */
export function text(key, values = {}) {
  return texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** 0.986 to "98%": rounded down, so that only certainty is 100 %. */
export const percent = (share) => format.format(Math.floor(share * 100) / 100);

/** 0.984 to "98.4%". */
export const precisePercent = (share) => formatPrecise.format(share);

const formatPoints = new Intl.NumberFormat(document.documentElement.lang, {
  signDisplay: 'exceptZero',
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});

/** -0.0213 to "−2.1": a difference of shares in percentage points. */
export const percentagePoints = (difference) => formatPoints.format(100 * difference).replace('-', '−');
