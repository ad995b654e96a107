/**
 * The last outcome: large for a moment, then docked at the foot of the page for as long as it can be undone.
 * Its text stays in the live region until the next one.
 */

import { part, partOf, say, setIcon } from "./page.mjs";

export const UNDO_SECONDS = 30;

/** @type {Record<string, string>} of outcomes that are neither done nor refused */
const ICONS = { undone: "undo-2", saved: "cloud-off" };

/**
 * @typedef {object} Message
 * @property {"done" | "saved" | "undone" | "refused"} kind
 * @property {string} word
 * @property {string} figure large, may be empty
 * @property {string} sentence
 * @property {string} more
 */

export class OutcomeView {
  #root = part("outcome");
  #undo = partOf("undo", HTMLButtonElement);
  #onGone;
  #timer = 0;
  #leftSeconds = 0;
  #isServing = false; // a customer is on the screen
  #isOver = false; // too late to undo

  /**
   * @param {object} doers
   * @param {() => void} doers.onNext
   * @param {() => void} doers.onUndo
   * @param {() => void} doers.onGone told when undoing is over
   */
  constructor({ onNext, onUndo, onGone }) {
    this.#onGone = onGone;
    this.#undo.addEventListener("click", (event) => {
      event.stopPropagation();
      onUndo();
    });
    this.#root.addEventListener("click", () => this.#root.dataset.size === "large" && onNext());
  }

  /**
   * @param {Message} message
   * @param {string} undoText what an undo would reverse; empty when there is none
   */
  show(message, undoText) {
    this.#root.dataset.kind = message.kind;
    part("outcome-word").textContent = message.word;
    part("outcome-figure").textContent = message.figure;
    part("outcome-sentence").textContent = message.sentence;
    part("outcome-more").textContent = message.more;
    part("undo-text").textContent = undoText;
    setIcon(this.#root, ICONS[message.kind] ?? "check");
    this.#undo.hidden = undoText === "";
    this.#undo.disabled = false;
    this.#isOver = false;
    this.#setSize("large");
    this.#count(UNDO_SECONDS);
  }

  /**
   * Where a tap on the large outcome leads, in words.
   * @param {string} name of the customer who comes back; empty where the next one does
   */
  leadTo(name) {
    part("next-word").textContent = name ? say("next_back", { name }) : say("next_customer");
    this.#root.dataset.stays = String(name !== "");
  }

  /**
   * Makes room for what follows. What can no longer be undone goes once nobody is being served: no key moves under
   * the thumb that types.
   * @param {boolean} isServing whether a customer is on the screen
   */
  dock(isServing) {
    this.#isServing = isServing;
    if (this.#root.dataset.size === "large") this.#setSize("docked");
    if (this.#isOver && !isServing) this.#setSize("gone");
  }

  /** What it said no longer matters. */
  clear() {
    window.clearInterval(this.#timer);
    this.#setSize("gone");
    this.#onGone();
  }

  /** Somebody was found: that nobody was, or nothing could be done, no longer matters. */
  forgetRefusal() {
    if (this.#root.dataset.kind === "refused" && this.#root.dataset.size !== "gone") this.clear();
  }

  /** While the undo is on its way it cannot be asked for again. */
  lockUndo() {
    this.#undo.disabled = true;
  }

  unlockUndo() {
    this.#undo.disabled = false;
  }

  /** @param {"large" | "docked" | "gone"} size */
  #setSize(size) {
    this.#root.dataset.size = size;
  }

  /** @param {number} seconds */
  #count(seconds) {
    window.clearInterval(this.#timer);
    this.#leftSeconds = seconds;
    this.#showSeconds();
    this.#timer = window.setInterval(() => {
      this.#leftSeconds -= 1;
      this.#showSeconds();
      if (this.#leftSeconds > 0) return;
      window.clearInterval(this.#timer);
      this.#undo.hidden = true;
      part("undo-text").textContent = "";
      this.#isOver = true;
      if (!this.#isServing) this.#setSize("gone");
      this.#onGone();
    }, 1000);
  }

  #showSeconds() {
    part("undo-seconds").textContent = String(this.#leftSeconds);
  }
}
