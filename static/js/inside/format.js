/** Numbers as the page's language writes them. */

const language = document.documentElement.lang;
const formats = new Map();

/** 0.8649 to "0.86", -0.5 to "−0.50". */
export function decimal(value, digits = 2) {
  if (!formats.has(digits)) {
    const places = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    formats.set(digits, new Intl.NumberFormat(language, { ...places, signDisplay: 'negative' }));
  }
  return formats.get(digits).format(value).replace('-', '−');
}

const whole = new Intl.NumberFormat(language);

/** 65536 to "65,536". */
export const count = (value) => whole.format(value);

/** [26, 26, 32] to "26 × 26 × 32". */
export const shapeOf = (shape) => shape.map(count).join(' × ');
