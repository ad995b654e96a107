/** The page's side of the decoding worker: one engine for the life of the page, one frame in flight. */

/** @typedef {import("./decode-worker.mjs").Reading} Reading */

const READY_LIMIT_MS = 15_000; // a megabyte over a slow shop line, once; cached afterwards
const FRAME_LIMIT_MS = 5_000; // forty times the slowest frame measured: past it the worker is gone

export class Decoder {
  /** @type {Worker | null} */
  #worker = null;
  /** @type {Promise<void> | null} */
  #ready = null;
  #lastId = 0;
  /** @type {((answer: Reading[] | Error) => void) | null} */
  #pending = null;

  /** Loads the engine, once. Rejects when it cannot run here; the next call tries anew. */
  prepare() {
    this.#ready ??= this.#start().catch((error) => {
      this.#worker?.terminate();
      this.#worker = null;
      this.#ready = null;
      throw error;
    });
    return this.#ready;
  }

  get isBusy() {
    return this.#pending !== null;
  }

  /**
   * The codes in a frame. The image is handed over and must not be used afterwards.
   * @param {ImageBitmap | ImageData} image
   * @returns {Promise<Reading[]>}
   */
  async read(image) {
    await this.prepare();
    const worker = this.#worker;
    if (!worker || this.#pending) throw new Error("decoder is busy");
    const id = (this.#lastId += 1);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(new Error("decoder does not answer")), FRAME_LIMIT_MS);
      this.#pending = (answer) => {
        clearTimeout(timer);
        if (answer instanceof Error) reject(answer);
        else resolve(answer);
      };
      const transfer = image instanceof ImageData ? image.data.buffer : image;
      worker.postMessage({ id, image }, [transfer]);
    });
  }

  /** @returns {Promise<void>} */
  #start() {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("decoder does not start")), READY_LIMIT_MS);
      const worker = new Worker(new URL("./decode-worker.mjs", import.meta.url), { type: "module" });
      this.#worker = worker;
      /** @param {Error} error */
      const onFailure = (error) => {
        clearTimeout(timer);
        reject(error);
        this.#settle(error);
      };
      worker.addEventListener("error", (event) => onFailure(new Error(event.message || "decoder failed")));
      worker.addEventListener(
        "message",
        (/** @type {MessageEvent<import("./decode-worker.mjs").Answer>} */ { data }) => {
          if (data.kind === "ready") {
            clearTimeout(timer);
            resolve();
          } else if (data.kind === "failed") onFailure(new Error(data.reason));
          else if (data.id === this.#lastId) this.#settle(data.readings);
        },
      );
    });
  }

  /** @param {Reading[] | Error} answer */
  #settle(answer) {
    const pending = this.#pending;
    this.#pending = null;
    pending?.(answer);
  }
}
