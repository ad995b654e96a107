/**
 * What this till holds of members: units that only it may spend for some minutes, so that one reward can be
 * given if the connection goes. Taken by itself where the connection was weak lately, or by hand; given back
 * when the customer leaves, unless it was taken by hand.
 */

import { newRequestId } from "./acts.mjs";
import { Refused } from "./api.mjs";
import { data } from "./page.mjs";

/** @typedef {import("./api.mjs").Api} Api */
/** @typedef {import("./desk.mjs").Member} Member */
/** @typedef {import("./desk.mjs").Reward} Reward */

/**
 * @typedef {object} Hold
 * @property {string} id the till's own id of the taking
 * @property {string} member_id
 * @property {string} card of the member, by which it is known again without a connection; may be empty
 * @property {string} unit
 * @property {number} quantity
 * @property {Reward[]} rewards of which it pays one
 * @property {number} ends_at milliseconds, by this till's clock
 * @property {boolean} by_hand it stays when the customer leaves
 * @property {boolean} is_spent a reward was given for it: only the server's answer ends it
 * @property {boolean} is_lost nobody answered the taking: it is of no use here, and given back
 */

const WEAK_FOR_MS = 10 * 60_000; // after a call that nobody answered in time
const SLOW_MS = 1_500; // an answer that came later than this says as much
const LIMIT_MS = 5_000;
const KEPT = "till.holds"; // for this tab only: no names, no balances

export class Holds {
  #api;
  #onChange;
  #weakUntil = 0;
  #timer = 0; // until the next one ends
  /** @type {Hold[]} */
  #all = recall();

  /**
   * @param {Pick<Api, "post">} api
   * @param {() => void} onChange
   */
  constructor(api, onChange) {
    this.#api = api;
    this.#onChange = onChange;
  }

  /** The program lets tills give rewards without a connection. */
  get isOffered() {
    return data.hold_minutes > 0 && !data.practice;
  }

  /** The next customer had better be held for. */
  get isWeak() {
    return this.isOffered && performance.now() < this.#weakUntil;
  }

  /**
   * How the connection does.
   * @param {boolean} isReached
   * @param {number} [tookMs]
   */
  note(isReached, tookMs = 0) {
    if (!isReached || tookMs > SLOW_MS) this.#weakUntil = performance.now() + WEAK_FOR_MS;
  }

  /**
   * What can be spent now for this member.
   * @param {Member | null} member
   * @returns {Hold | null}
   */
  of(member) {
    const id = member?.id || member?.held_id || "";
    return this.#all.find((hold) => hold.member_id === id && isGood(hold)) ?? null;
  }

  /**
   * The same, of a card that nobody can be asked about.
   * @param {string} card
   */
  ofCard(card) {
    return this.#all.find((hold) => card !== "" && hold.card === card && isGood(hold)) ?? null;
  }

  /**
   * What the server says of this till's hold goes before what is kept here.
   * @param {Member} member
   * @param {string} [card]
   */
  adopt(member, card = "") {
    const said = member.hold ?? null;
    const known = this.#all.find((hold) => hold.id === said?.id);
    const others = this.#all.filter((hold) => hold.member_id !== member.id || hold.is_spent);
    if (said === null || known?.is_spent) return this.#keep(others);
    const rewards = member.rewards.filter((reward) => said.rewards.includes(reward.id));
    this.#keep([
      ...others,
      {
        id: said.id,
        member_id: member.id,
        card: card || known?.card || "",
        unit: said.unit,
        quantity: said.quantity,
        rewards,
        ends_at: Date.now() + said.seconds_left * 1000,
        by_hand: known?.by_hand ?? false,
        is_spent: false,
        is_lost: false,
      },
    ]);
  }

  /**
   * Holds what can be held of a member; throws what speaks against it.
   * @param {Member} member
   * @param {{card: string, shown: string | undefined, byHand: boolean}} how
   * @returns {Promise<Member>} as the server shows them then
   */
  async take(member, { card, shown, byHand }) {
    const id = newRequestId();
    try {
      const body = { request_id: id, member_id: member.id, ...(shown ? { shown } : {}) };
      const answer = await this.#api.post("holds", body, { limit: LIMIT_MS, retries: 0 });
      this.adopt(answer.member, card);
      if (byHand) this.#change(answer.member.hold?.id ?? id, { by_hand: true });
      return answer.member;
    } catch (error) {
      if (!(error instanceof Refused)) this.#keep([...this.#all, lost(id, member.id)]);
      throw error;
    }
  }

  /**
   * Gives one back. Where nobody answers it stays good, and is given back later.
   * @param {string} id
   */
  async release(id) {
    await this.#api.post("holds/release", { hold: id }, { limit: LIMIT_MS, retries: 0 });
    this.#keep(this.#all.filter((hold) => hold.id !== id));
  }

  /**
   * Gives back what nobody wants any more: all but what was taken by hand and the member on the screen.
   * @param {Member | null} [onScreen]
   */
  async tidy(onScreen = null) {
    const staying = onScreen?.id || onScreen?.held_id;
    for (const hold of this.#all) {
      if (hold.is_spent || (!hold.is_lost && (hold.by_hand || hold.member_id === staying))) continue;
      await this.release(hold.id).catch(() => undefined);
    }
  }

  /**
   * A reward was given for it: it pays no other.
   * @param {string} id
   */
  spend(id) {
    this.#change(id, { is_spent: true });
  }

  /**
   * @param {string} id
   * @param {Partial<Hold>} values
   */
  #change(id, values) {
    this.#keep(this.#all.map((hold) => (hold.id === id ? { ...hold, ...values } : hold)));
  }

  /** @param {Hold[]} holds */
  #keep(holds) {
    this.#all = holds.filter((hold) => Date.now() < hold.ends_at);
    try {
      sessionStorage.setItem(KEPT, JSON.stringify(this.#all));
    } catch {
      // closed storage: they live as long as the page
    }
    this.#wait();
    this.#onChange();
  }

  /** What is over is shown no more. */
  #wait() {
    window.clearTimeout(this.#timer);
    const next = Math.min(...this.#all.map((hold) => hold.ends_at));
    if (Number.isFinite(next)) this.#timer = window.setTimeout(() => this.#keep(this.#all), next - Date.now() + 1);
  }
}

/** @param {Hold} hold */
function isGood({ is_spent, is_lost, ends_at }) {
  return !is_spent && !is_lost && Date.now() < ends_at;
}

/**
 * It may have been taken all the same: nobody shall wait for its end.
 * @param {string} id
 * @param {string} memberId
 * @returns {Hold}
 */
function lost(id, memberId) {
  const ends_at = Date.now() + data.hold_minutes * 60_000;
  return { id, member_id: memberId, card: "", unit: "", quantity: 0, rewards: [], ends_at, by_hand: false, is_spent: false, is_lost: true };
}

/** @returns {Hold[]} */
function recall() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}
