/** The camera's place on the page: picture, outline of the code, sentence, buttons. */

import { hasText, part, partOf, say, setIcon } from "./page.mjs";

const HINT_TURN_MS = 7_000; // one calm hint after the other
const HINT_NOTE_MS = 2_500; // a remark about what was just seen
const HINTS = ["hint_distance", "hint_tilt"];

/** @type {Record<string, string>} */
const ICONS = { off: "scan-line", asking: "camera", starting: "camera", resting: "moon", failed: "camera-off" };

/** @typedef {import("./camera.mjs").CameraState} CameraState */
/** @typedef {import("./camera.mjs").Lens} Lens */

export class Stage {
  #root = part("stage");
  #start = partOf("start", HTMLButtonElement);
  #again = partOf("again", HTMLButtonElement);
  #torch = partOf("torch", HTMLButtonElement);
  #lens = partOf("lens", HTMLButtonElement);
  #outline = partOf("outline", HTMLCanvasElement);
  #hint = part("hint");
  #turn = 0;
  #noteTimer = 0;
  video = partOf("video", HTMLVideoElement);

  /**
   * @param {object} doers
   * @param {() => void} doers.onStart
   * @param {() => void} doers.onTorch
   * @param {() => void} doers.onLens
   * @param {() => void} doers.onAgain
   */
  constructor({ onStart, onTorch, onLens, onAgain }) {
    this.#start.addEventListener("click", onStart);
    this.video.addEventListener("click", () => !this.#start.hidden && onStart());
    this.#torch.addEventListener("click", onTorch);
    this.#lens.addEventListener("click", onLens);
    this.#again.addEventListener("click", onAgain);
    window.setInterval(() => this.#turnHint(), HINT_TURN_MS);
  }

  /**
   * @param {CameraState} state
   * @param {Lens} lens
   */
  show(state, lens) {
    const isOn = state.name === "live" || state.name === "held";
    const key = state.name === "failed" ? state.trouble : state.name;
    this.#root.dataset.camera = state.name;
    part("camera-say").hidden = isOn;
    if (!isOn) {
      part("camera-title").textContent = say(`${key}_title`);
      part("camera-text").textContent = hasText(`${key}_text`) ? say(`${key}_text`) : "";
      setIcon(part("camera-say"), ICONS[state.name] ?? "camera");
    }
    this.#start.hidden = isOn || state.name === "starting" || state.name === "asking";
    part("start-word").textContent = say(hasText(`${key}_button`) ? `${key}_button` : "retry_button");
    this.#torch.hidden = !isOn || !lens.hasTorch;
    this.#torch.setAttribute("aria-pressed", String(lens.hasTorchOn));
    part("torch-word").textContent = say(lens.hasTorchOn ? "torch_off" : "torch_on");
    this.#lens.hidden = !isOn || lens.lenses < 2;
    if (state.name === "live") this.#turnHint();
    else this.#hint.textContent = "";
    if (state.name !== "live") this.offerAgain(false);
    if (state.name !== "held") this.outline(null);
  }

  /**
   * A short remark in place of the hints.
   * @param {string} key
   */
  note(key) {
    window.clearTimeout(this.#noteTimer);
    if (this.#hint.textContent !== say(key)) this.#hint.textContent = say(key);
    this.#hint.dataset.note = key;
    this.#noteTimer = window.setTimeout(() => {
      delete this.#hint.dataset.note;
      this.#noteTimer = 0;
      this.#turnHint();
    }, HINT_NOTE_MS);
  }

  /** @param {boolean} isOffered whether the card still in view may be opened once more */
  offerAgain(isOffered) {
    this.#again.hidden = !isOffered;
  }

  /**
   * Draws around the code that was read.
   * @param {{x: number, y: number}[] | null} corners in pixels of the picture
   */
  outline(corners) {
    const canvas = this.#outline;
    canvas.width = this.video.videoWidth || 1;
    canvas.height = this.video.videoHeight || 1;
    const context = canvas.getContext("2d");
    if (!context || !corners) return;
    context.beginPath();
    for (const { x, y } of corners) context.lineTo(x, y);
    context.closePath();
    context.lineWidth = canvas.width / 110;
    context.lineJoin = "round";
    context.strokeStyle = "#f3c65f";
    context.fillStyle = "rgb(243 198 95 / 0.22)";
    context.fill();
    context.stroke();
  }

  #turnHint() {
    if (this.#root.dataset.camera !== "live" || this.#noteTimer !== 0) return;
    this.#hint.textContent = say(HINTS[this.#turn % HINTS.length]);
    this.#turn += 1;
  }
}
