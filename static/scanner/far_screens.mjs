/** The till's side of screens on devices of their own: tells the server what they show, and connects one more. */

import { picture } from "./face.mjs";
import { data, part, partOf, say } from "./page.mjs";
import { Sheet } from "./sheet.mjs";

/** @typedef {import("./api.mjs").Api} Api */
/** @typedef {import("./face.mjs").Face} Face */

const HEARTBEAT_MS = 15_000; // a third of what a face lives on the server
const SHOWN_MAX_MS = 120_000; // nobody's name and balance stand there for longer without a touch
const ASK_AGAIN_MS = 60_000; // whether there is a screen by now, where there was none
const LOOK_MS = 2_000; // whether the new one has come, while its code is on the page
const WELCOME = /** @type {Face} */ ({ kind: "welcome", title: "" });

export class FarScreens {
  #api;
  #sheet = new Sheet("screens", () => window.clearTimeout(this.#looking));
  #count = data.screens;
  /** @type {Face} */
  #face = WELCOME;
  #said = ""; // what the server knows
  #changedAt = 0;
  #triedAt = -ASK_AGAIN_MS;
  #isBusy = false;
  #timer = 0;
  #looking = 0;

  /** @param {Api} api of a paired till */
  constructor(api) {
    this.#api = api;
    part("screens-window").addEventListener("click", () => this.#sheet.close());
    part("screens-code").addEventListener("click", () => void this.#invite());
  }

  /** Where screens are opened and connected. */
  open() {
    part("screens-qr").replaceChildren();
    part("screens-say").textContent = this.#count > 0 ? say("screens_count", { count: String(this.#count) }) : "";
    part("screens-spoken").textContent = part("screens-how").textContent = "";
    partOf("screens-code", HTMLButtonElement).disabled = false;
    this.#sheet.open();
  }

  /** @param {Face} face */
  show(face) {
    this.#face = face;
    this.#changedAt = performance.now();
    void this.#tell();
  }

  async #tell() {
    window.clearTimeout(this.#timer);
    const now = performance.now();
    if (now - this.#changedAt > SHOWN_MAX_MS) this.#face = WELCOME;
    const face = JSON.stringify(this.#face.kind === "welcome" ? WELCOME : this.#face);
    const isNews = face !== this.#said || this.#face.kind !== "welcome";
    const mayAsk = this.#count > 0 || now - this.#triedAt > ASK_AGAIN_MS;
    if (this.#isBusy || !isNews || !mayAsk || !navigator.onLine) return this.#plan();
    this.#isBusy = true;
    this.#triedAt = now;
    try {
      const { screens } = await this.#api.tell("face", JSON.parse(face));
      this.#count = screens;
      this.#said = face;
    } catch {
      this.#said = ""; // told again with the next heartbeat; until then the screens fall back to the welcome
    }
    this.#isBusy = false;
    if (JSON.stringify(this.#face) !== face && this.#face.kind !== "welcome") return void this.#tell();
    this.#plan();
  }

  #plan() {
    window.clearTimeout(this.#timer);
    if (this.#count > 0) this.#timer = window.setTimeout(() => void this.#tell(), HEARTBEAT_MS);
  }

  async #invite() {
    const button = partOf("screens-code", HTMLButtonElement);
    button.disabled = true;
    try {
      const { code, address, svg, minutes } = await this.#api.post("screens", {});
      part("screens-spoken").textContent = code;
      part("screens-how").textContent = say("screens_how", { address, minutes: String(minutes) });
      part("screens-qr").replaceChildren(picture(svg, say("screens_qr")));
      this.#await(this.#count);
    } catch (error) {
      part("screens-say").textContent = error instanceof Error && error.message && "code" in error ? error.message : say("lookup_lost");
      button.disabled = false;
    }
  }

  /** @param {number} before how many there were */
  #await(before) {
    window.clearTimeout(this.#looking);
    this.#looking = window.setTimeout(async () => {
      const { screens } = await this.#api.get("screens").catch(() => ({ screens: before }));
      if (!this.#sheet.isOpen) return;
      if (screens <= before) return this.#await(before);
      this.#count = screens;
      this.open();
      part("screens-say").textContent = say("screens_connected");
      this.#said = "";
      void this.#tell();
    }, LOOK_MS);
  }
}
