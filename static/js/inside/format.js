/** Numbers as the page's language writes them. */

const language = document.documentElement.lang;
const formats = new Map();

function formatOf(style, digits) {
  const name = `${style} ${digits}`;
  const places = { style, minimumFractionDigits: digits, maximumFractionDigits: digits };
  if (!formats.has(name)) formats.set(name, new Intl.NumberFormat(language, places));
  return formats.get(name);
}

/** 0.9998 to "99.98%". */
export const percentage = (share, digits) => formatOf('percent', digits).format(share);

/** 0.8649 to "0.86", -0.5 to "−0.50". */
export function decimal(value, digits = 2) {
  // Nothing below zero is left of −0.001, so no sign is: what `signDisplay: 'negative'` does in newer browsers.
  return formatOf('decimal', digits).format(value).replace(/^-(?=[0.,]*$)/, '').replace('-', '−');
}

const whole = new Intl.NumberFormat(language);

/** 65536 to "65,536". */
export const count = (value) => whole.format(value);

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** 1234567 to "1.23 · 10⁶", 0.00042 to "4.20 · 10⁻⁴", 3.14159 to "3.14". For positive numbers of any size. */
export function compact(value) {
  if (value === Infinity) return '∞';
  if (value === 0 || (value >= 0.01 && value < 10_000)) return decimal(value);
  const exponent = Math.floor(Math.log10(value));
  const power = Array.from(String(Math.abs(exponent)), (digit) => SUPERSCRIPTS[digit]).join('');
  return `${decimal(value / 10 ** exponent)} · 10${exponent < 0 ? '⁻' : ''}${power}`;
}

/** [26, 26, 32] to "26 × 26 × 32". */
export const shapeOf = (shape) => shape.map(count).join(' × ');
