/** The server reads instead of the browser: POST /api/predict, for each network one request at a time, at a calm pace. */

/** @typedef {import('./ladder.js').Engine} Engine */
/** @typedef {import('./ladder.js').Network} Network */

/** Shortest time from one request of a network to its next, in milliseconds. */
const PACE = 120;
/** How long an answer may take, in milliseconds. */
const PATIENCE = 5000;

const BLANK_SIDE = 28;

/**
 * @returns {Promise<Engine>}
 * @throws {Error} when the server does not answer, or does not see that a blank picture is blank
 */
export async function open() {
  const blank = new Float32Array(BLANK_SIDE * BLANK_SIDE).fill(255);
  const { digit } = await predict('robust', blank, BLANK_SIDE, BLANK_SIDE);
  if (digit !== null) throw new Error(`The server read ${digit} on blank paper.`);
  return { name: 'server', aside: true, open: async (name) => openNetwork(name) };
}

/** @returns {Network} */
function openNetwork(name) {
  let next = 0;
  return {
    aside: true,
    async read(picture, width, height) {
      // Waits before it looks at the picture, so that what is sent is the newest state.
      await new Promise((resolve) => setTimeout(resolve, next - performance.now()));
      next = performance.now() + PACE;
      const { digit, probabilities, normalized } = await predict(name, picture, width, height);
      return { probabilities, normalized: inkOf(normalized), ink: digit === null ? 0 : 1 };
    },
  };
}

async function predict(name, picture, width, height) {
  // Not AbortSignal.timeout: who comes here may have a browser that is too old for the other engines.
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE);
  try {
    const response = await fetch(`api/predict?model=${name}&normalized=1`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ width, height, pixels: base64(Uint8Array.from(picture, Math.round)) }),
      signal: patience.signal,
    });
    if (!response.ok) throw new Error(`The server answered with status ${response.status}.`);
    return await response.json();
  } finally {
    clearTimeout(timer);
  }
}

/** Ink 0..1 from base64 of bytes. */
function inkOf(text) {
  return Float32Array.from(atob(text), (byte) => byte.charCodeAt(0) / 255);
}

function base64(bytes) {
  let text = '';
  // In pieces: a call takes only so many arguments.
  for (let start = 0; start < bytes.length; start += 8192) {
    text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return btoa(text);
}
