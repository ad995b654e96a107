/** What is beside the amount: articles that earn in their own way, and the number of the receipt. */

import { moneyText } from "./amount.mjs";
import { fill } from "./hub.mjs";
import { copyOf, currency, data, figure, part, partOf, say } from "./page.mjs";

/** @typedef {{category: string, sku: string, name: string, by_amount: boolean}} Article */
/** @typedef {{article: Article, quantity: number, amount_minor: number}} BasketLine */
/** @typedef {{category?: string, sku?: string, quantity: number, amount_minor: number}} Item */

const QUANTITY_MAX = 999; // of one article: more is a slip of the finger

export class Basket {
  /** @type {BasketLine[]} */
  #lines = [];
  #receipt = partOf("receipt", HTMLInputElement);
  #open = part("receipt-open");
  #takeAmount;
  #onChange;

  /**
   * @param {() => number | null} takeAmount the amount in the field, which is then empty; null when there is none
   * @param {() => void} onChange
   */
  constructor(takeAmount, onChange) {
    this.#takeAmount = takeAmount;
    this.#onChange = onChange;
    part("articles").hidden = data.shelf.length === 0;
    part("articles-list").replaceChildren(...data.shelf.map((article) => this.#button(article)));
    this.#open.addEventListener("click", () => this.#showReceipt(true));
    this.#receipt.addEventListener("input", onChange);
  }

  get isEmpty() {
    return this.#lines.length === 0;
  }

  /** What the lines cost, in minor units. */
  get amountMinor() {
    return this.#lines.reduce((sum, line) => sum + line.amount_minor, 0);
  }

  /** What goes along with the sale. */
  get extras() {
    const receipt = this.#receipt.value.trim();
    /** @type {Item[]} */
    const items = this.#lines.map(({ article, quantity, amount_minor }) => ({
      ...(article.category && { category: article.category }),
      ...(article.sku && { sku: article.sku }),
      quantity,
      amount_minor,
    }));
    return { ...(items.length > 0 && { items }), ...(receipt && { receipt }) };
  }

  clear() {
    this.#lines = [];
    this.#receipt.value = "";
    this.#showReceipt(false);
    this.#show();
  }

  /** @param {boolean} isShown */
  #showReceipt(isShown) {
    part("receipt-row").hidden = !isShown;
    this.#open.hidden = isShown;
    if (isShown) this.#receipt.focus({ preventScroll: true });
  }

  /** @param {Article} article */
  #button(article) {
    const line = copyOf("article-template");
    fill(line, ".article__name", article.name);
    line.querySelector("button")?.addEventListener("click", () => this.#add(article));
    line.dataset.testid = `article-${article.category || article.sku || "any"}`;
    return line;
  }

  /** @param {Article} article */
  #add(article) {
    const amount = article.by_amount ? this.#takeAmount() : 0;
    if (amount === null) {
      part("amount-problem").textContent = say("article_amount");
      return;
    }
    const known = this.#lines.find((line) => line.article === article && !article.by_amount);
    if (known) known.quantity = Math.min(known.quantity + 1, QUANTITY_MAX);
    else this.#lines.push({ article, quantity: 1, amount_minor: amount });
    this.#changed();
  }

  #changed() {
    this.#show();
    this.#onChange();
  }

  #show() {
    part("basket").hidden = this.isEmpty;
    part("basket").replaceChildren(
      ...this.#lines.map((line) => {
        const shown = copyOf("basket-template");
        const { article, quantity, amount_minor } = line;
        fill(shown, ".basket__name", article.name);
        fill(shown, ".basket__amount", amount_minor ? moneyText(amount_minor, currency) : `× ${figure(quantity)}`);
        fill(shown, ".basket__less span", say("article_less", { name: article.name }));
        shown.querySelector("button")?.addEventListener("click", () => {
          line.quantity -= 1;
          if (line.quantity === 0) this.#lines = this.#lines.filter((each) => each !== line);
          this.#changed();
        });
        return shown;
      }),
    );
  }
}
