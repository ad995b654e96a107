/** The member on the screen: who, how much, what can be used now, and the amount of this sale. */

import { fieldText, moneyText, parseAmount, press } from "./amount.mjs";
import { copyOf, count, currency, data, dayText, figure, part, partOf, say, unitWord } from "./page.mjs";

/** @typedef {import("./desk.mjs").Member} Member */
/** @typedef {import("./desk.mjs").Reward} Reward */

const EXAMPLE_MINOR = 1250;

export class Hub {
  #amount = partOf("amount", HTMLInputElement);
  #accrue = partOf("accrue", HTMLButtonElement);
  #onReward;

  /**
   * @param {object} doers
   * @param {(amountMinor: number) => void} doers.onSale
   * @param {(reward: Reward) => void} doers.onReward
   */
  constructor({ onSale, onReward }) {
    this.#onReward = onReward;
    this.#amount.placeholder = fieldText(0, currency);
    part("keypad").addEventListener("click", (event) => this.#onKey(event));
    this.#amount.addEventListener("beforeinput", (event) => {
      if (event.data !== null && /[^\d.,'’\s\p{Sc}]/u.test(event.data)) event.preventDefault();
    });
    this.#amount.addEventListener("input", () => this.#showAmount());
    part("sale").addEventListener("submit", (event) => {
      event.preventDefault();
      const amountMinor = this.amountMinor;
      if (amountMinor) onSale(amountMinor);
      else this.#complain();
    });
  }

  /** The amount in the field, or null when it is not readable. */
  get amountMinor() {
    return parseAmount(this.#amount.value, currency);
  }

  clearAmount() {
    this.#amount.value = "";
    this.#showAmount();
  }

  focus() {
    this.#amount.focus({ preventScroll: true });
  }

  /** @param {Member} member */
  show(member) {
    part("hub").dataset.unknown = String(member.query !== undefined);
    if (member.query !== undefined) return this.#showUnknown(member);
    const balance = member.balances[data.unit] ?? { available: 0, pending: 0 };
    part("member-name").textContent = member.name || member.number;
    part("member-tier").textContent = member.tier?.name ?? "";
    part("member-tier").hidden = !member.tier;
    part("member-number").textContent = member.name ? member.number : "";
    part("member-visit").textContent = member.last_visit_at
      ? say("last_visit", { when: dayText(member.last_visit_at) })
      : say("first_visit");
    part("member-balance").textContent = figure(balance.available);
    part("member-unit").textContent = unitWord(balance.available);
    part("member-pending").textContent = balance.pending ? say("pending", { count: figure(balance.pending) }) : "";
    this.#showNext(member, balance.available);
    this.#showRewards(member.rewards.filter((reward) => reward.affordable));
  }

  /**
   * Without a connection: whose card it is comes out later; points are safe, but nothing can be spent.
   * @param {Member} member
   */
  #showUnknown(member) {
    part("member-name").textContent = member.number;
    part("member-tier").hidden = true;
    part("member-number").textContent = "";
    part("member-visit").textContent = say("unknown_text");
    part("member-balance").textContent = "–";
    part("member-unit").textContent = "";
    part("member-pending").textContent = "";
    part("next-reward").hidden = true;
    this.#showRewards([]);
  }

  /**
   * @param {Member} member
   * @param {number} available
   */
  #showNext(member, available) {
    const next = member.next_reward;
    part("next-reward").hidden = !next;
    if (!next) return;
    part("next-reward-text").textContent = say("next_reward", { count: count(next.missing), reward: next.name });
    const meter = partOf("next-reward-meter", HTMLProgressElement);
    meter.max = Math.max(available, 0) + next.missing;
    meter.value = Math.max(available, 0);
  }

  /** @param {Reward[]} rewards */
  #showRewards(rewards) {
    part("rewards").hidden = rewards.length === 0;
    part("rewards-list").replaceChildren(...rewards.map((reward) => this.#rewardLine(reward)));
  }

  /** @param {Reward} reward */
  #rewardLine(reward) {
    const line = copyOf("reward-template");
    const button = /** @type {HTMLButtonElement} */ (line.querySelector("button"));
    const cost = count(reward.cost, reward.unit);
    button.dataset.testid = `reward-${reward.id}`;
    fill(line, ".reward__name", reward.name);
    fill(line, ".reward__cost", cost);
    button.addEventListener("click", () => this.#onReward(reward));
    return line;
  }

  /** @param {Event} event */
  #onKey(event) {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    const key = button?.dataset.key;
    if (!key) return;
    const amountMinor = press(this.amountMinor ?? 0, key);
    this.#amount.value = amountMinor ? fieldText(amountMinor, currency) : "";
    this.#showAmount();
  }

  #showAmount() {
    const amountMinor = this.amountMinor;
    this.#accrue.disabled = this.#amount.value.trim() === "";
    part("accrue-word").textContent = amountMinor
      ? say("accrue_amount", { amount: moneyText(amountMinor, currency) })
      : say("accrue");
    part("amount-problem").textContent = "";
    this.#amount.removeAttribute("aria-invalid");
  }

  #complain() {
    const example = fieldText(EXAMPLE_MINOR, currency);
    part("amount-problem").textContent = say("amount_invalid", { example });
    this.#amount.setAttribute("aria-invalid", "true");
    this.focus();
  }
}

/**
 * @param {HTMLElement} holder
 * @param {string} selector
 * @param {string} text
 */
export function fill(holder, selector, text) {
  const target = holder.querySelector(selector);
  if (target) target.textContent = text;
}
