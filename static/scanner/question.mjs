/** A question that needs a person: two buttons in the page, never a browser dialog (those stop iOS cameras). */

import { part, partOf } from "./page.mjs";

export class Questions {
  #root = part("question");
  #yes = partOf("question-yes", HTMLButtonElement);
  #no = partOf("question-no", HTMLButtonElement);

  /**
   * @param {object} question
   * @param {string} question.title
   * @param {string} question.text
   * @param {string} question.yes
   * @param {string} [question.no] without it there is only one way
   * @param {() => void} onYes
   * @param {() => void} [onNo]
   */
  ask({ title, text, yes, no }, onYes, onNo) {
    part("question-title").textContent = title;
    part("question-text").textContent = text;
    this.#yes.textContent = yes;
    this.#no.textContent = no ?? "";
    this.#no.hidden = !no;
    this.#yes.onclick = onYes;
    this.#no.onclick = onNo ?? null;
    this.#root.hidden = false;
    this.#yes.focus({ preventScroll: true });
  }

  close() {
    this.#root.hidden = true;
  }
}
