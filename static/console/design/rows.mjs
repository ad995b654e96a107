/** The rows of Google's card: which facts stand in them, each in one place only. */
import { fill, h, part } from "../../simulate/dom.mjs";

/** @typedef {string[][]} Rows facts by row, a place without one is "" */

export class GoogleRows {
  /**
   * @param {HTMLElement} root the form
   * @param {Record<string, string>} texts
   */
  constructor(root, texts) {
    this.root = part(root, "#google-rows");
    this.texts = texts;
    this.said = part(this.root, "[role=status]");
    this.usual = /** @type {Rows} */ (JSON.parse(this.root.dataset.usual ?? "[]"));
    this.rows = /** @type {HTMLElement[]} */ ([...this.root.querySelectorAll("[data-row-of-google]")]);
    /** @type {Rows} what stood where when the hand came to a list: on its way through it, it passes others */
    this.before = this.shown();
    /** @type {Rows} */
    this.kept = [];
    this.root.addEventListener("focusin", () => {
      this.before = this.shown();
    });
    this.root.addEventListener("focusout", () => this.show(null));
  }

  /** @param {Record<string, any>} document */
  fill(document) {
    this.kept = document.google_rows;
    this.show(null);
    this.before = this.shown();
  }

  /**
   * A fact was chosen: what stood there before goes where that fact was.
   * @param {HTMLElement} select
   * @param {Record<string, any>} document
   * @returns {boolean} whether it was one of these
   */
  typed(select, document) {
    if (!(select instanceof HTMLSelectElement)) return false;
    const row = this.rows.findIndex((one) => one.contains(select));
    if (row < 0) return false;
    const place = selects(this.rows[row]).indexOf(select);
    const next = this.before.map((facts) => [...facts]);
    const from = select.value ? next.findIndex((facts) => facts.includes(select.value)) : -1;
    const other = from < 0 ? -1 : next[from].indexOf(select.value);
    const left = next[row][place];
    if (from >= 0) next[from][other] = left;
    next[row][place] = select.value;
    const moved = from >= 0 && (from !== row || other !== place);
    this.said.textContent = moved ? this.sentence(select, left, from) : "";
    this.keep(next, document);
    this.show(this.rows[row]);
    return true;
  }

  /**
   * @param {HTMLElement} button
   * @param {Record<string, any>} document
   * @returns {boolean} whether the document is another one now
   */
  clicked(button, document) {
    const row = this.rows.findIndex((one) => one.contains(button));
    if (button.dataset.rowsUsual !== undefined) {
      this.keep(this.usual, document);
      this.show(null);
      selects(this.rows[0])[0].focus();
      return true;
    }
    if (button.dataset.rowsUp === undefined || row < 1) return false;
    const next = this.shown();
    [next[row - 1], next[row]] = [next[row], next[row - 1]];
    this.said.textContent = "";
    this.keep(next, document);
    this.show(null);
    return true;
  }

  /**
   * @param {HTMLSelectElement} select
   * @param {string} left the fact that stood there before
   * @param {number} from the row of the one that stands there now
   */
  sentence(select, left, from) {
    const name = (/** @type {string} */ key) => [...select.options].find((one) => one.value === key)?.text ?? key;
    const facts = { fact: name(select.value), other: name(left), row: from + 1 };
    return fill(left ? this.texts.rows_swapped : this.texts.rows_moved, facts);
  }

  /**
   * @param {Rows} rows
   * @param {Record<string, any>} document
   */
  keep(rows, document) {
    const filled = rows.map((facts) => facts.filter(Boolean));
    while (filled.length > 0 && filled[filled.length - 1].length === 0) filled.pop();
    document.google_rows = filled;
    this.kept = filled;
  }

  /**
   * Every list says what is kept, but for those of a row in which somebody chooses.
   * @param {HTMLElement | null} busy
   */
  show(busy) {
    for (const [at, row] of this.rows.entries()) {
      const facts = this.kept[at] ?? [];
      if (row === busy) continue;
      for (const [place, select] of selects(row).entries()) choose(select, facts[place] ?? "", this.texts.rows_unknown);
    }
    if (busy) this.showWithin(busy);
    for (const row of this.rows) offer(row);
    part(this.root, "[data-rows-usual]").hidden = JSON.stringify(this.kept) === JSON.stringify(this.usual);
  }

  /**
   * The fact that left the list in which somebody chooses may have stood in the same row.
   * @param {HTMLElement} row
   */
  showWithin(row) {
    const facts = this.kept[this.rows.indexOf(row)] ?? [];
    const active = selects(row).find((one) => one === document.activeElement);
    const others = selects(row).filter((one) => one !== active);
    const left = facts.filter((key) => key !== active?.value);
    const stay = others.filter((one) => one.value && left.includes(one.value));
    const fresh = left.filter((key) => !stay.some((one) => one.value === key));
    for (const one of others) if (!stay.includes(one)) choose(one, fresh.shift() ?? "", this.texts.rows_unknown);
  }

  /** @returns {Rows} */
  shown() {
    return this.rows.map((row) => selects(row).map((select) => select.value));
  }
}

/**
 * @param {HTMLSelectElement} select
 * @param {string} key
 * @param {string} unknown what to say of a fact that the program does not have
 */
function choose(select, key, unknown) {
  if (![...select.options].some((one) => one.value === key)) {
    select.append(h("option", { value: key, text: fill(unknown, { fact: key }) }));
  }
  select.value = key;
}

/**
 * One list more than there are facts: what is there to choose from is not a wall.
 * @param {HTMLElement} row
 */
function offer(row) {
  const all = selects(row);
  const last = all.findLastIndex((one) => one.value || one === document.activeElement);
  for (const [place, select] of all.entries()) select.hidden = place > last + 1;
}

/**
 * @param {HTMLElement} row
 * @returns {HTMLSelectElement[]}
 */
function selects(row) {
  return [...row.querySelectorAll("select")];
}
