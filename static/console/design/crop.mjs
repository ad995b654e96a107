/** Choosing the part of a picture that fills a frame: by pointer, by keys, by a slider. */
import { part } from "../../simulate/dom.mjs";

/** Width to height of what fills its frame; a logo is shown whole and needs no choice. */
export const RATIOS = /** @type {Record<string, number>} */ ({
  icon: 1,
  google_logo: 1,
  strip: 375 / 144,
  hero: 1032 / 336,
  artwork: 358 / 448,
});
const STEP = 12; // pixels of an arrow key

export class Cropper {
  constructor() {
    this.dialog = /** @type {HTMLDialogElement} */ (part(document, "#crop"));
    this.frame = part(document, "#crop-frame");
    this.picture = /** @type {HTMLImageElement} */ (part(document, "#crop-picture"));
    this.slider = /** @type {HTMLInputElement} */ (part(document, "#zoom"));
    this.place = { x: 0, y: 0 };
    /** @type {((crop: string | null) => void) | null} */
    this.answer = null;
    this.listen();
  }

  /**
   * @param {File} file
   * @param {string} role
   * @returns {Promise<string | null>} shares of the picture `left,top,right,bottom`; null when given up
   */
  async choose(file, role) {
    const address = URL.createObjectURL(file);
    this.picture.src = address;
    try {
      await this.picture.decode();
    } catch {
      URL.revokeObjectURL(address);
      return ""; // not a picture: the server says what is wrong with it
    }
    this.frame.dataset.role = role;
    this.frame.style.aspectRatio = String(RATIOS[role]);
    this.slider.value = "1";
    this.place = { x: 0, y: 0 };
    this.dialog.showModal();
    this.centre();
    this.frame.focus();
    const crop = await new Promise((resolve) => {
      this.answer = resolve;
    });
    this.dialog.close();
    URL.revokeObjectURL(address);
    return crop;
  }

  listen() {
    part(document, "#crop-cancel").addEventListener("click", () => this.answer?.(null));
    part(document, "#crop-take").addEventListener("click", () => this.answer?.(this.crop()));
    this.dialog.addEventListener("cancel", () => this.answer?.(null));
    this.slider.addEventListener("input", () => this.draw());
    this.frame.addEventListener("pointerdown", (event) => this.frame.setPointerCapture(event.pointerId));
    this.frame.addEventListener("pointermove", (event) => {
      if (this.frame.hasPointerCapture(event.pointerId)) this.move(event.movementX, event.movementY);
    });
    this.frame.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
      if (!way) return;
      event.preventDefault();
      this.move(way[0], way[1]);
    });
  }

  /** The picture's size in the frame: it always fills it. */
  get size() {
    const { clientWidth: width, clientHeight: height } = this.frame;
    const { naturalWidth, naturalHeight } = this.picture;
    const scale = Math.max(width / naturalWidth, height / naturalHeight) * Number(this.slider.value);
    return { width, height, w: naturalWidth * scale, h: naturalHeight * scale };
  }

  centre() {
    const { width, height, w, h } = this.size;
    this.place = { x: (width - w) / 2, y: (height - h) / 2 };
    this.draw();
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  move(x, y) {
    this.place = { x: this.place.x + x, y: this.place.y + y };
    this.draw();
  }

  draw() {
    const { width, height, w, h } = this.size;
    this.place.x = Math.min(0, Math.max(width - w, this.place.x));
    this.place.y = Math.min(0, Math.max(height - h, this.place.y));
    const { style } = this.picture;
    style.width = `${w}px`;
    style.height = `${h}px`;
    style.transform = `translate(${this.place.x}px, ${this.place.y}px)`;
  }

  crop() {
    const { width, height, w, h } = this.size;
    const share = (/** @type {number} */ value) => Math.min(1, Math.max(0, value)).toFixed(5);
    const { x, y } = this.place;
    return [-x / w, -y / h, (width - x) / w, (height - y) / h].map(share).join(",");
  }
}
