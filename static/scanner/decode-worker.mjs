/**
 * Reads QR codes out of camera frames, off the page's own thread.
 * In: a frame and its place in the picture. Out: the codes found, at most two, with their corners.
 */

// Beside this script, so that both are of the same release; the page sends no frame before "ready".
/** @type {typeof import("/static/vendor/zxing/reader/index.js")} */
const { prepareZXingModule, readBarcodes } = await import(
  new URL("../vendor/zxing/reader/index.js", import.meta.url).href
);
const ENGINE_FILE = new URL("../vendor/zxing/zxing_reader.wasm", import.meta.url).href;

/** @type {import("/static/vendor/zxing/reader/index.js").ReaderOptions} */
const OPTIONS = {
  formats: ["QRCode"],
  tryHarder: true,
  tryRotate: true,
  tryInvert: true,
  tryDownscale: true,
  tryDenoise: true, // reads a quarter more of the codes behind glare
  downscaleFactor: 2,
  maxNumberOfSymbols: 2, // a second code in view means: ask, do not guess
  textMode: "Plain",
};

/**
 * @typedef {object} Frame
 * @property {number} id
 * @property {ImageBitmap | ImageData} image
 *
 * @typedef {object} Reading
 * @property {string} text
 * @property {{x: number, y: number}[]} corners clockwise from the top left, in pixels of the frame
 *
 * @typedef {{kind: "ready"} | {kind: "failed", reason: string} | {kind: "read", id: number, readings: Reading[]}} Answer
 */

/** @type {OffscreenCanvas | null} */
let canvas = null;

/** @param {Answer} answer */
function say(answer) {
  self.postMessage(answer);
}

/**
 * @param {ImageBitmap | ImageData} image
 * @returns {ImageData}
 */
function pixels(image) {
  if (image instanceof ImageData) return image;
  const { width, height } = image;
  canvas ??= new OffscreenCanvas(width, height);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("no 2D canvas");
  context.drawImage(image, 0, 0);
  image.close();
  return context.getImageData(0, 0, width, height);
}

/** @param {Frame} frame */
async function read(frame) {
  const found = await readBarcodes(pixels(frame.image), OPTIONS);
  const readings = found
    .filter((result) => result.isValid)
    .map(({ text, position: { topLeft, topRight, bottomRight, bottomLeft } }) => ({
      text,
      corners: [topLeft, topRight, bottomRight, bottomLeft],
    }));
  say({ kind: "read", id: frame.id, readings });
}

/** @param {unknown} error */
function fail(error) {
  say({ kind: "failed", reason: String(error) });
}

self.addEventListener("message", (/** @type {MessageEvent<Frame>} */ event) => {
  read(event.data).catch(fail);
});

prepareZXingModule({ overrides: { locateFile: () => ENGINE_FILE }, fireImmediately: true }).then(
  () => say({ kind: "ready" }),
  fail,
);
