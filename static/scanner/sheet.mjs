/**
 * A sheet over the till: one at a time, unless one lies over another for a moment; closed by its buttons, by Escape
 * and by the next card.
 */

import { part } from "./page.mjs";

/** @type {Sheet | null} */
let current = null;

export class Sheet {
  #root;
  #onClose;
  /** @type {Sheet | null} */
  #under = null; // what comes back when this one is closed

  /**
   * @param {string} id of the dialog
   * @param {() => void} [onClose]
   */
  constructor(id, onClose = () => undefined) {
    const root = part(id);
    if (!(root instanceof HTMLDialogElement)) throw new Error(`part ${id} is no dialog`);
    this.#root = root;
    this.#onClose = onClose;
    for (const button of root.querySelectorAll("[data-sheet-close]")) {
      button.addEventListener("click", () => this.close());
    }
    root.addEventListener("click", (event) => event.target === root && this.close()); // beside it
    root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation(); // it closes the sheet, not the customer behind it
      event.preventDefault();
      this.close();
    });
    root.addEventListener("close", () => {
      if (current === this) current = this.#under;
      this.#under = null;
      this.#onClose();
    });
  }

  get isOpen() {
    return this.#root.open;
  }

  /** @param {HTMLElement} [focus] where typing goes; the title without it */
  open(focus) {
    if (current !== this) current?.closeAll();
    this.#show(focus);
  }

  /** Over whatever sheet is open, which is as it was afterwards. */
  openOver() {
    if (current !== this) this.#under = current;
    this.#show();
  }

  /** @param {HTMLElement} [focus] */
  #show(focus) {
    current = this;
    if (!this.#root.open) this.#root.showModal();
    (focus ?? this.#root.querySelector("h2"))?.focus({ preventScroll: true });
  }

  close() {
    if (this.#root.open) this.#root.close();
  }

  /** With what lies under it. */
  closeAll() {
    this.#under?.closeAll();
    this.close();
  }
}

/** Whatever is open makes room for the next customer. */
export function closeSheets() {
  current?.closeAll();
}
