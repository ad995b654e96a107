/** The member on the screen: who, how much, what can be used now, and the amount of this sale. */

import { MINOR_DIGITS_MAX, fieldText, moneyText, parseAmount, payableMinor, press } from "./amount.mjs";
import { Basket } from "./basket.mjs";
import { copyOf, count, currency, data, dayText, figure, part, partOf, say, setIcon, shortDay, timeText, unitWord } from "./page.mjs";

/** @typedef {import("./desk.mjs").Member} Member */
/** @typedef {import("./desk.mjs").Reward} Reward */
/** @typedef {import("./desk.mjs").Voucher} Voucher */
/** @typedef {import("./desk.mjs").Activity} Activity */
/** @typedef {import("./desk.mjs").Credit} Credit */

const EXAMPLE_MINOR = 1250;
const AMOUNT_LONG = 7; // characters; more of them in the largest figures need the whole width of a small phone

export class Hub {
  #amount = partOf("amount", HTMLInputElement);
  #accrue = partOf("accrue", HTMLButtonElement);
  #credit = partOf("credit-amount", HTMLInputElement);
  #payWithCredit = partOf("credit-use", HTMLInputElement);
  /** @type {Credit | null} */
  #purse = null;
  #doers;
  #basket = new Basket(
    () => this.#takeField(),
    () => this.#showAmount(),
  );

  /**
   * @param {object} doers
   * @param {(amountMinor: number, creditMinor: number, extras: Record<string, unknown>) => void} doers.onSale
   * @param {(reward: Reward) => void} doers.onReward
   * @param {(voucher: Voucher) => void} doers.onVoucher
   * @param {(activity: Activity) => void} doers.onActivity
   */
  constructor(doers) {
    this.#doers = doers;
    this.#amount.placeholder = fieldText(0, currency);
    part("keypad").addEventListener("click", (event) => this.#onKey(event));
    this.#amount.addEventListener("beforeinput", (event) => {
      if (event.data !== null && /[^\d.,'’\s\p{Sc}]/u.test(event.data)) event.preventDefault();
    });
    this.#amount.addEventListener("input", () => this.#showAmount());
    this.#payWithCredit.addEventListener("change", () => this.#proposeCredit());
    this.#credit.addEventListener("input", () => this.#showCredit());
    part("sale").addEventListener("submit", (event) => {
      event.preventDefault();
      const amountMinor = this.amountMinor ?? (this.#isVisit ? 0 : null);
      if (amountMinor === null || (amountMinor === 0 && !this.#isVisit)) this.#complain();
      else if (this.creditMinor === null) this.#complainOfCredit(amountMinor);
      else doers.onSale(amountMinor, this.creditMinor, this.#basket.extras);
    });
  }

  /** What the sale comes to: the field and what the articles cost; null when that is not readable. */
  get amountMinor() {
    const costs = this.#basket.amountMinor;
    if (costs > 0 && this.#amount.value.trim() === "") return costs;
    const typed = this.#fieldMinor;
    return typed === null ? null : typed + costs;
  }

  /** Nothing of a sale was typed or chosen yet. */
  get isUntouched() {
    return this.#amount.value.trim() === "" && Object.keys(this.#basket.extras).length === 0;
  }

  get #fieldMinor() {
    return parseAmount(this.#amount.value, currency);
  }

  /** Nobody typed anything, and coming is all that counts here. */
  get #isVisit() {
    return data.visit !== null && this.#amount.value.trim() === "";
  }

  /** The field's amount becomes that of an article. */
  #takeField() {
    const amountMinor = this.#fieldMinor;
    if (!amountMinor) return null;
    this.#amount.value = "";
    return amountMinor;
  }

  /** What of it is paid with credit, 0 for nothing; null when that is not readable or too much. */
  get creditMinor() {
    if (!this.#purse || !this.#payWithCredit.checked) return 0;
    const wanted = parseAmount(this.#credit.value, currency);
    const most = payableMinor(this.amountMinor ?? 0, this.#purse);
    return wanted !== null && wanted > 0 && wanted <= most ? wanted : null;
  }

  clearAmount() {
    this.#amount.value = "";
    this.#basket.clear();
    this.#payWithCredit.checked = false;
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
    this.#showTreats(member);
    this.#showElsewhere(member);
  }

  /**
   * Points that another till holds are there, but not for us.
   * @param {Member} member
   */
  #showElsewhere({ held_elsewhere: held = [], balances }) {
    const [here] = held.filter((one) => one.unit === data.unit);
    if (!here) return;
    const pending = balances[data.unit]?.pending ?? 0;
    const words = [pending ? say("pending", { count: figure(pending) }) : ""];
    words.push(say("held_elsewhere", { count: figure(here.quantity), time: timeText(here.until) }));
    part("member-pending").textContent = words.filter(Boolean).join(" · ");
  }

  /**
   * What this till holds: the rewards it pays stand out, and one key says until when.
   * @param {{rewards: Reward[], ends_at: number} | null} hold
   * @param {boolean} canTake whether one could be taken now
   */
  showHold(hold, canTake) {
    const key = part("hold");
    key.hidden = hold === null && !canTake;
    key.setAttribute("aria-pressed", String(hold !== null));
    part("hold-word").textContent = hold ? say("held_until", { time: timeText(hold.ends_at) }) : say("hold", { minutes: String(data.hold_minutes) });
    for (const button of part("rewards-list").querySelectorAll("[data-reward]")) {
      const isHeld = hold?.rewards.some((reward) => reward.id === button.getAttribute("data-reward")) ?? false;
      button.classList.toggle("reward--held", isHeld);
      setIcon(button, isHeld ? "bookmark-check" : "gift");
    }
  }

  /**
   * Everything besides points: nothing of it for somebody who is not known yet.
   * @param {Member} member
   */
  #showTreats(member) {
    this.#showStampCards(member);
    this.#showUses(member);
    this.#showActivities(member.activities);
    this.#purse = member.credit;
    this.#payWithCredit.checked = false;
    part("credit").hidden = !member.credit;
    if (member.credit) part("credit-have").textContent = moneyText(member.credit.available_minor, currency);
    this.#showAmount();
  }

  /**
   * The voucher that was scanned stands out, so that one more tap uses it.
   * @param {string} code
   */
  point(code) {
    const button = part("rewards-list").querySelector(`[data-voucher="${CSS.escape(code)}"]`);
    if (!(button instanceof HTMLElement)) return;
    button.classList.add("reward--shown");
    button.focus({ preventScroll: true });
    button.scrollIntoView({ block: "nearest", inline: "start" });
  }

  /**
   * Without a connection: whose card it is comes out later; points are safe, but nothing can be spent.
   * @param {Member} member
   */
  #showUnknown(member) {
    part("member-name").textContent = member.number;
    part("member-tier").hidden = true;
    part("member-number").textContent = "";
    part("member-visit").textContent = say(member.held_id ? "unknown_held" : "unknown_text");
    part("member-balance").textContent = "–";
    part("member-unit").textContent = "";
    part("member-pending").textContent = "";
    part("next-reward").hidden = true;
    this.#showTreats(member);
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

  /** @param {Member} member */
  #showStampCards({ stamp_cards }) {
    const cards = stamp_cards.filter((card) => card.unit !== data.unit);
    part("stamp-cards").hidden = cards.length === 0;
    part("stamp-cards").replaceChildren(
      ...cards.map((card) => {
        const line = copyOf("stamp-card-template");
        fill(line, ".stamp-card__name", card.name);
        fill(line, ".stamp-card__have", say("stamps", { have: figure(card.have), target: figure(card.target) }));
        const meter = line.querySelector("progress");
        if (meter) [meter.max, meter.value] = [card.target, card.have];
        return line;
      }),
    );
  }

  /** @param {Member} member what waits is offered before what costs something */
  #showUses(member) {
    const rewards = member.rewards.filter((reward) => reward.affordable);
    const lines = [
      ...member.vouchers.map((voucher) => this.#voucherLine(voucher)),
      ...rewards.map((reward) => this.#rewardLine(reward)),
    ];
    part("rewards").hidden = lines.length === 0;
    part("rewards-list").replaceChildren(...lines);
  }

  /** @param {Activity[]} activities */
  #showActivities(activities) {
    part("activities").hidden = activities.length === 0;
    part("activities-list").replaceChildren(
      ...activities.map((activity) => {
        const line = copyOf("activity-template");
        const button = /** @type {HTMLButtonElement} */ (line.querySelector("button"));
        button.dataset.testid = `activity-${activity.kind}`;
        fill(line, ".reward__name", activity.name);
        fill(line, ".reward__cost", `+${count(activity.quantity, activity.unit)}`);
        button.addEventListener("click", () => this.#doers.onActivity(activity));
        return line;
      }),
    );
  }

  /** @param {Voucher} voucher */
  #voucherLine(voucher) {
    const line = copyOf("voucher-template");
    const button = /** @type {HTMLButtonElement} */ (line.querySelector("button"));
    const isOpen = !voucher.opens_at || new Date(voucher.opens_at) <= new Date();
    const until = voucher.expires_at ? say("voucher_until", { day: shortDay(voucher.expires_at) }) : "";
    button.dataset.testid = button.dataset.voucher = voucher.code;
    button.dataset.testid = `voucher-${voucher.code}`;
    button.disabled = !isOpen;
    fill(line, ".reward__name", voucher.name);
    fill(line, ".reward__cost", isOpen ? until : say("voucher_from", { day: shortDay(voucher.opens_at ?? "") }));
    button.addEventListener("click", () => this.#doers.onVoucher(voucher));
    return line;
  }

  /** @param {Reward} reward */
  #rewardLine(reward) {
    const line = copyOf("reward-template");
    const button = /** @type {HTMLButtonElement} */ (line.querySelector("button"));
    const cost = count(reward.cost, reward.unit);
    button.dataset.testid = `reward-${reward.id}`;
    button.dataset.reward = reward.id;
    fill(line, ".reward__name", reward.name);
    fill(line, ".reward__cost", cost);
    button.addEventListener("click", () => this.#doers.onReward(reward));
    return line;
  }

  /** @param {Event} event */
  #onKey(event) {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (button?.dataset.quick) return this.#addQuick(Number(button.dataset.quick));
    const key = button?.dataset.key;
    if (!key) return;
    const amountMinor = press(this.#fieldMinor ?? 0, key);
    this.#amount.value = amountMinor ? fieldText(amountMinor, currency) : "";
    this.#showAmount();
  }

  /**
   * As notes and coins come: on top of what is there.
   * @param {number} quickMinor
   */
  #addQuick(quickMinor) {
    const sum = (this.#fieldMinor ?? 0) + quickMinor;
    if (String(sum).length <= MINOR_DIGITS_MAX) this.#amount.value = fieldText(sum, currency);
    this.#showAmount();
  }

  /** What a tap on the large button does now. */
  get #goWord() {
    const amountMinor = this.amountMinor;
    if (amountMinor) return say("accrue_amount", { amount: moneyText(amountMinor, currency) });
    if (this.#isVisit && data.visit) return say("visit_done", { count: count(data.visit.quantity, data.visit.unit) });
    return say("accrue");
  }

  #showAmount() {
    const isEmpty = this.#amount.value.trim() === "" && this.#basket.amountMinor === 0;
    this.#accrue.disabled = isEmpty && !this.#isVisit;
    this.#amount.toggleAttribute("data-long", this.#amount.value.length > AMOUNT_LONG);
    part("accrue-word").textContent = this.#goWord;
    part("amount-problem").textContent = "";
    this.#amount.removeAttribute("aria-invalid");
    this.#proposeCredit();
  }

  /** The most that may be paid with credit, until somebody types another amount. */
  #proposeCredit() {
    const most = this.#purse ? payableMinor(this.amountMinor ?? 0, this.#purse) : 0;
    this.#credit.value = most ? fieldText(most, currency) : "";
    this.#showCredit();
  }

  #showCredit() {
    const isOn = this.#payWithCredit.checked;
    part("credit-row").hidden = !isOn;
    this.#credit.removeAttribute("aria-invalid");
    part("amount-problem").textContent = "";
    const amountMinor = this.amountMinor ?? 0;
    const left = amountMinor - (this.creditMinor ?? 0);
    part("credit-left").textContent = isOn && amountMinor ? say("credit_left", { amount: moneyText(left, currency) }) : "";
  }

  /** @param {number} amountMinor */
  #complainOfCredit(amountMinor) {
    const most = this.#purse ? payableMinor(amountMinor, this.#purse) : 0;
    part("amount-problem").textContent = say("credit_invalid", { amount: moneyText(most, currency) });
    this.#credit.setAttribute("aria-invalid", "true");
    this.#credit.focus({ preventScroll: true });
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
