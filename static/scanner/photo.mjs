/** A photo instead of the camera's film: read here where the engine runs, by the server where it does not. */

import { Refused } from "./api.mjs";
import { Decoder } from "./decoder.mjs";
import { part, partOf, say } from "./page.mjs";

/** @typedef {import("./api.mjs").Api} Api */

const SIDE_MAX = 1600; // pixels: what the server looks at too
const QUALITY = 0.85; // of the JPEG that is sent

export class Photo {
  #input = partOf("photo-input", HTMLInputElement);
  #decoder = new Decoder();
  #upload;
  #onTexts;

  /**
   * @param {(photo: Blob) => Promise<{texts: string[]}>} upload
   * @param {(texts: string[]) => void} onTexts
   */
  constructor(upload, onTexts) {
    this.#upload = upload;
    this.#onTexts = onTexts;
    part("photo").addEventListener("click", () => this.#input.click());
    this.#input.addEventListener("change", () => {
      const [file] = this.#input.files ?? [];
      this.#input.value = ""; // the same picture may be chosen again
      if (file) void this.#read(file);
    });
  }

  /** @param {File} file */
  async #read(file) {
    const note = part("photo-note");
    note.textContent = say("photo_reading");
    try {
      const texts = await this.#texts(file);
      note.textContent = texts.length > 0 ? "" : say("photo_none");
      if (texts.length > 0) this.#onTexts(texts);
    } catch (error) {
      note.textContent = error instanceof Refused && error.message ? error.message : say("photo_lost");
    }
  }

  /** @param {File} file */
  async #texts(file) {
    const image = await scaled(file);
    if (image) {
      try {
        return (await this.#decoder.read(image)).map((reading) => reading.text);
      } catch {
        // no engine in this browser: the server has one
      }
    }
    const small = await smaller(file);
    return (await this.#upload(small ?? file)).texts;
  }
}

/**
 * The picture at a size that is worth reading, or null when this browser cannot open it.
 * @param {Blob} file
 * @returns {Promise<ImageData | null>}
 */
async function scaled(file) {
  const canvas = await drawn(file);
  return canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height) ?? null;
}

/**
 * @param {Blob} file
 * @returns {Promise<Blob | null>}
 */
async function smaller(file) {
  const canvas = await drawn(file);
  return canvas && new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
}

/** @param {Blob} file */
async function drawn(file) {
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return null;
  const scale = Math.min(1, SIDE_MAX / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.round(picture.width * scale), Math.round(picture.height * scale)];
  canvas.getContext("2d", { willReadFrequently: true })?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return canvas;
}
