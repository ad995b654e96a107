/** What few designs have: lists of rows (days, beacons, buttons), parts that are there or not, facts of a list. */
import { part } from "../../simulate/dom.mjs";
import { at, put } from "./document.mjs";
import { read, show } from "./fields.mjs";

const INPUTS = "input, select, textarea";

export class More {
  /**
   * @param {HTMLElement} root the form
   * @param {string} zone the program's time zone
   */
  constructor(root, zone) {
    this.root = root;
    this.zone = zone;
  }

  /** @param {Record<string, any>} document */
  fill(document) {
    for (const list of this.all("[data-rows]")) {
      const rows = at(document, list.dataset.rows ?? "") ?? [];
      list.replaceChildren(...rows.map((/** @type {any} */ row) => this.row(list, row)));
    }
    for (const box of this.all("[data-switch]")) this.fillSwitch(/** @type {HTMLInputElement} */ (box), document);
    for (const list of this.all("[data-fact-list]")) {
      const facts = at(document, list.dataset.factList ?? "") ?? [];
      [...list.querySelectorAll("select")].forEach((select, slot) => {
        select.value = facts[slot] ?? "";
      });
    }
  }

  /**
   * @param {HTMLInputElement} field
   * @param {Record<string, any>} document
   * @returns {boolean} whether it was one of these
   */
  typed(field, document) {
    const rows = field.closest("[data-rows]");
    const facts = field.closest("[data-fact-list]");
    if (rows instanceof HTMLElement) this.takeRows(rows, document);
    else if (field.dataset.switch) this.takeSwitch(field, document);
    else if (facts instanceof HTMLElement) {
      const chosen = [...facts.querySelectorAll("select")].map((select) => select.value).filter(Boolean);
      put(document, facts.dataset.factList ?? "", [...new Set(chosen)]);
    } else return false;
    return true;
  }

  /**
   * @param {HTMLElement} button
   * @param {Record<string, any>} document
   * @returns {boolean} whether the document is another one now
   */
  clicked(button, document) {
    if (button.dataset.add) {
      const list = part(this.root, `[data-rows="${button.dataset.add}"]`);
      list.append(this.row(list, {}));
      part(/** @type {HTMLElement} */ (list.lastElementChild), INPUTS).focus();
      return false;
    }
    if (button.dataset.drop === undefined) return false;
    const list = /** @type {HTMLElement} */ (button.closest("[data-rows]"));
    button.closest("li")?.remove();
    this.takeRows(list, document);
    part(this.root, `[data-add="${list.dataset.rows}"]`).focus();
    return true;
  }

  // --- rows

  /**
   * @param {HTMLElement} list
   * @param {any} said
   */
  row(list, said) {
    const template = /** @type {HTMLTemplateElement} */ (document.getElementById(list.dataset.template ?? ""));
    const row = /** @type {HTMLElement} */ (/** @type {Element} */ (template.content.firstElementChild).cloneNode(true));
    row.dataset.key = said.key ?? "";
    for (const field of inputs(row)) {
      const value = at(said, field.dataset.row ?? "");
      if (value !== undefined) show(field, value, this.zone);
    }
    return row;
  }

  /**
   * Rows that say nothing yet are not part of the card.
   * @param {HTMLElement} list
   * @param {Record<string, any>} document
   */
  takeRows(list, document) {
    const rows = /** @type {HTMLElement[]} */ ([...list.children]).filter((row) => inputs(row).some((field) => field instanceof HTMLInputElement && field.value));
    const keys = new Set(rows.map((row) => row.dataset.key));
    put(document, list.dataset.rows ?? "", rows.map((row) => this.readRow(row, keys, list.dataset.key)));
  }

  /**
   * @param {HTMLElement} row
   * @param {Set<string | undefined>} keys those that are taken
   * @param {string | undefined} prefix of a new key, where rows have one
   */
  readRow(row, keys, prefix) {
    /** @type {Record<string, any>} */
    const said = {};
    if (prefix) {
      for (let number = 1; !row.dataset.key; number += 1) if (!keys.has(`${prefix}${number}`)) row.dataset.key = `${prefix}${number}`;
      keys.add(row.dataset.key);
      said.key = row.dataset.key;
    }
    for (const field of inputs(row)) {
      const path = field.dataset.row ?? "";
      if (field.value || !path.includes(".")) put(said, path, read(field, this.zone));
    }
    return said;
  }

  // --- parts that are there or not

  /**
   * @param {HTMLInputElement} box
   * @param {Record<string, any>} document
   */
  fillSwitch(box, document) {
    const isThere = Boolean(at(document, box.dataset.switch ?? ""));
    box.checked = isThere;
    part(this.root, `[data-switched="${box.dataset.switch}"]`).hidden = !isThere;
  }

  /**
   * @param {HTMLInputElement} box
   * @param {Record<string, any>} document
   */
  takeSwitch(box, document) {
    const path = box.dataset.switch ?? "";
    put(document, path, box.checked ? JSON.parse(box.dataset.with ?? "{}") : null);
    this.fill(document);
  }

  /** @param {string} selector */
  all(selector) {
    return /** @type {NodeListOf<HTMLElement>} */ (this.root.querySelectorAll(selector));
  }
}

/**
 * @param {HTMLElement} row
 * @returns {HTMLInputElement[]}
 */
function inputs(row) {
  return /** @type {HTMLInputElement[]} */ ([...row.querySelectorAll("[data-row]")]);
}
