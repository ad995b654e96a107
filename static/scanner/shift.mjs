/** The shift in figures, for closing the till. */

import { moneyText } from "./amount.mjs";
import { count, currency, data, figure, part, say } from "./page.mjs";
import { Sheet } from "./sheet.mjs";

/** @typedef {{get: (path: string) => Promise<any>}} Getter */

export class Shift {
  #sheet = new Sheet("shift");
  #said = part("shift-say").textContent ?? "";

  /** @param {Getter} api */
  constructor(api) {
    part("open-shift").addEventListener("click", () => {
      this.#sheet.open();
      void this.#show(api);
    });
  }

  /** @param {Getter} api */
  async #show(api) {
    const say_ = part("shift-say");
    try {
      const sums = await api.get("shift");
      const isWaiting = part("queue-count").textContent !== "0";
      say_.textContent = [this.#said, ...(isWaiting ? [say("shift_waiting")] : [])].join(" · ");
      part("shift-list").replaceChildren(...rows(sums).flatMap(lineOf));
    } catch {
      say_.textContent = say("shift_lost");
      part("shift-list").replaceChildren();
    }
  }
}

/**
 * @param {any} sums
 * @returns {[key: string, value: string][]}
 */
function rows(sums) {
  const rate = sums.enrolled_per_hundred;
  return [
    ["shift_sales", figure(sums.sales)],
    ["shift_amount", moneyText(sums.amount_minor, currency)],
    ["shift_given", count(sums.given, data.unit)],
    ["shift_used", count(sums.used, data.unit)],
    ["shift_enrolled", figure(sums.enrolled)],
    ["shift_rate", rate === null ? "–" : figure(rate)],
    ["shift_without_card", figure(sums.without_card)],
    ["shift_undone", figure(sums.undone)],
  ];
}

/** @param {[string, string]} row */
function lineOf([key, value]) {
  const name = document.createElement("dt");
  const shown = document.createElement("dd");
  name.textContent = say(key);
  shown.textContent = value;
  shown.className = "figures";
  shown.dataset.testid = key;
  return [name, shown];
}
