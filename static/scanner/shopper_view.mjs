/** The till turned to the customer, and the second screen: both show the same face. */

import { CHANNEL, paint } from "./face.mjs";
import { recall, remember } from "./memory.mjs";
import { data, part } from "./page.mjs";
import { Sheet } from "./sheet.mjs";

/** @typedef {import("./face.mjs").Face} Face */

const TURNED = "till.upside_down";

export class ShopperView {
  #root = part("flip");
  #turn = part("flip-turn");
  #sheet = new Sheet("flip");
  #channel = new BroadcastChannel(CHANNEL);
  /** @type {Face | null} */
  #face = null;

  constructor() {
    this.#channel.addEventListener("message", ({ data: said }) => said?.ask && this.#tell());
    part("flip-open").addEventListener("click", () => this.#sheet.open(part("flip-back")));
    part("flip-back").addEventListener("click", () => this.#sheet.close());
    part("open-screen").addEventListener("click", () => window.open(data.screen, "comptoir-screen", "popup"));
    this.#turn.addEventListener("click", () => {
      remember(TURNED, recall(TURNED) === "1" ? "" : "1");
      this.#showTurned();
    });
    this.#showTurned();
  }

  /** @param {Face} face */
  show(face) {
    this.#face = face;
    paint(this.#root, face);
    this.#tell();
  }

  #tell() {
    if (this.#face) this.#channel.postMessage({ face: this.#face });
  }

  /** For a tablet that lies flat between the two. */
  #showTurned() {
    const isTurned = recall(TURNED) === "1";
    this.#turn.setAttribute("aria-pressed", String(isTurned));
    this.#root.dataset.turned = String(isTurned);
  }
}
