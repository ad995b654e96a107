/** The stores near which the card comes forward: all of them, or those that are chosen. */
import { fill, part } from "../../simulate/dom.mjs";

export class NearStores {
  /**
   * @param {HTMLElement} root the form
   * @param {Record<string, string>} texts
   */
  constructor(root, texts) {
    this.texts = texts;
    this.root = part(root, "#near-stores");
    this.all = /** @type {HTMLInputElement} */ (part(this.root, "#near-all"));
    this.some = /** @type {HTMLInputElement} */ (part(this.root, "#near-some"));
    this.boxes = /** @type {HTMLInputElement[]} */ ([...this.root.querySelectorAll("[data-near-store]")]);
    this.wanted = /** @type {HTMLInputElement | null} */ (this.root.querySelector("[data-near-find]"));
    this.wanted?.addEventListener("input", () => this.find());
    /** @type {string[] | null} what was chosen before all of them were */
    this.chosen = null;
    this.parts = /** @type {HTMLElement[]} */ ([...root.querySelectorAll("[data-near]")]);
  }

  /** @param {Record<string, any>} document */
  fill(document) {
    const chosen = document.near_stores ?? null;
    this.all.checked = chosen === null;
    this.some.checked = chosen !== null;
    for (const box of this.boxes) {
      box.checked = chosen === null || chosen.includes(box.dataset.nearStore);
      box.disabled = chosen === null;
    }
    part(this.root, "[data-near-tools]").hidden = chosen === null;
    this.showWhether(document);
    this.count();
  }

  /**
   * The choice matters only where the card comes forward at all.
   * @param {Record<string, any>} document
   */
  showWhether(document) {
    for (const one of this.parts) one.hidden = !document.shows_near_stores;
  }

  /**
   * @param {HTMLElement} field
   * @param {Record<string, any>} document
   * @returns {boolean} whether it was one of these
   */
  typed(field, document) {
    if (field === this.all) {
      this.chosen = document.near_stores;
      document.near_stores = null;
    } else if (field === this.some) document.near_stores = this.chosen ?? this.boxes.map(key);
    else if (field instanceof HTMLInputElement && this.boxes.includes(field)) this.take(document);
    else return false;
    this.fill(document);
    return true;
  }

  /**
   * All of those that are seen, or none of them.
   * @param {HTMLElement} button
   * @param {Record<string, any>} document
   * @returns {boolean} whether the document is another one now
   */
  clicked(button, document) {
    const { nearEvery } = button.dataset;
    if (nearEvery === undefined) return false;
    for (const box of this.boxes) if (!box.closest("li")?.hidden) box.checked = nearEvery === "yes";
    this.take(document);
    this.fill(document);
    return true;
  }

  /**
   * A store that is not in the list any more stays chosen until somebody takes it out: the linter names it.
   * @param {Record<string, any>} document
   */
  take(document) {
    const listed = this.boxes.map(key);
    const gone = (document.near_stores ?? []).filter((/** @type {string} */ one) => !listed.includes(one));
    document.near_stores = [...this.boxes.filter((box) => box.checked).map(key), ...gone];
  }

  /** Only the stores whose name or address has these words. */
  find() {
    const words = plain(this.wanted?.value ?? "").split(/\s+/);
    for (const box of this.boxes) {
      const row = /** @type {HTMLElement} */ (box.closest("li"));
      const said = plain(row.textContent ?? "");
      row.hidden = !words.every((word) => said.includes(word));
    }
    this.count();
  }

  count() {
    const count = this.boxes.filter((box) => box.checked).length;
    const facts = { count, all: this.boxes.length };
    part(this.root, "[data-near-count]").textContent = this.some.checked ? fill(this.texts.near_count, facts) : "";
  }
}

/** @param {HTMLInputElement} box */
function key(box) {
  return box.dataset.nearStore ?? "";
}

/**
 * Without accents and capitals.
 * @param {string} text
 */
function plain(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();
}
