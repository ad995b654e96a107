/**
 * A spending that waits for a yes: the customer's on the page of their card, by PIN or on this screen, and where the
 * program wants it a manager's PIN. It follows the question and sends the spending as soon as nothing is missing.
 */

import { Unreached } from "./api.mjs";
import { data, part, partOf, say } from "./page.mjs";
import { pinProblem } from "./wall.mjs";

/** @typedef {import("./api.mjs").Api} Api */
/** @typedef {import("./desk.mjs").Act} Act */
/**
 * @typedef {object} Question as the server has it
 * @property {string} id
 * @property {"open" | "yes" | "no" | "over" | "used"} state
 * @property {"confirmation" | "approval" | null} needs what is still missing
 * @property {string} member
 * @property {string} reward
 * @property {string} quantity
 * @property {number} seconds_left
 * @property {boolean} has_pin
 * @property {boolean} screen_may
 * @property {string} approved_by
 */

/**
 * @typedef {object} Asked for the customer's screen
 * @property {string} id
 * @property {string} what is to be used, in words
 * @property {boolean} mayAnswer whether a tap on the screen is enough
 */

const FOLLOW_MS = 1_000;

export class Consent {
  #root = part("consent");
  #digits = partOf("consent-digits", HTMLInputElement);
  #managerPin = partOf("consent-manager-pin", HTMLInputElement);
  #reason = partOf("consent-reason", HTMLInputElement);
  #who = partOf("consent-who", HTMLSelectElement);
  #api;
  #onReady;
  #onBack;
  #onQuestion;
  /** @type {Act | null} */
  #act = null;
  #id = "";
  /** @type {Promise<void>} the question on its way to the server: an answer waits for it */
  #asked = Promise.resolve();
  #timer = 0;
  #isTold = false; // that a manager is needed: the form was opened once, and may be closed again

  /**
   * @param {Api} api
   * @param {object} doers
   * @param {(act: Act) => void} doers.onReady nothing is missing: the spending can be sent
   * @param {(sentence: string) => void} doers.onBack given up, or the customer said no (then with a sentence)
   * @param {(asked: Asked | null) => void} doers.onQuestion what the customer's screen shows now
   */
  constructor(api, { onReady, onBack, onQuestion }) {
    this.#api = api;
    this.#onReady = onReady;
    this.#onBack = onBack;
    this.#onQuestion = onQuestion;
    part("consent-back").addEventListener("click", () => this.#onBack(""));
    part("consent-no").addEventListener("click", () => void this.#answer({ answer: "no" }));
    part("consent-yes").addEventListener("click", () => void this.#answer({ answer: "yes" }));
    partOf("consent-pin", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#answer({ answer: "yes", pin: take(this.#digits) });
    });
    partOf("consent-allow", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#allow();
    });
    this.#root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.#onBack("");
    });
  }

  get isOpen() {
    return !this.#root.hidden;
  }

  /**
   * @param {Act} act that the server declined for want of a yes
   * @param {string} memberId
   * @param {string} why the server's sentence
   */
  open(act, memberId, why) {
    this.#act = act;
    this.#id = "";
    this.#isTold = false;
    for (const field of [this.#digits, this.#managerPin, this.#reason]) field.value = "";
    partOf("consent-manager", HTMLDetailsElement).open = false;
    for (const id of ["consent-what", "consent-state", "consent-problem"]) part(id).textContent = "";
    part("consent-why").textContent = why;
    part("consent-pin").hidden = part("consent-yes").hidden = true;
    this.#root.hidden = false;
    part("consent-title").focus({ preventScroll: true });
    this.#asked = this.#ask(act, memberId);
    void this.#loadManagers();
  }

  close() {
    window.clearTimeout(this.#timer);
    if (this.#act) this.#onQuestion(null);
    this.#act = null;
    this.#root.hidden = true;
  }

  /**
   * What the customer tapped on their own screen; a question that is over by now is not answered.
   * @param {string} id
   * @param {"yes" | "no"} answer
   */
  answer(id, answer) {
    if (this.isOpen && id === this.#id) void this.#answer({ answer });
  }

  /**
   * @param {Act} act
   * @param {string} memberId
   */
  async #ask(act, memberId) {
    const { request_id, reward_id, code, credit_minor, shown } = act.body;
    const thing = reward_id ? { reward_id } : code ? { voucher: code } : { credit_minor };
    const body = { request_id, member_id: memberId, ...thing, ...(shown ? { shown } : {}) };
    await this.#take(() => this.#api.post("confirmations", body));
  }

  async #loadManagers() {
    const { people } = await this.#api.get("approvers").catch(() => ({ people: [] }));
    this.#who.replaceChildren(...people.map((/** @type {{id: string, name: string}} */ one) => new Option(one.name, one.id)));
    part("consent-manager").hidden = people.length === 0;
  }

  /** @param {{answer: "yes" | "no", pin?: string}} body */
  async #answer(body) {
    if (body.pin === "") return this.#digits.focus({ preventScroll: true });
    await this.#asked;
    if (!this.#id) return;
    await this.#take(() => this.#api.post(`confirmations/${this.#id}/answer`, body, { retries: 0 }));
  }

  async #allow() {
    const body = { staff: this.#who.value, pin: take(this.#managerPin), reason: this.#reason.value };
    if (body.reason.trim() === "") return this.#reason.focus({ preventScroll: true });
    if (body.pin === "") return this.#managerPin.focus({ preventScroll: true });
    await this.#asked;
    if (!this.#id) return;
    await this.#take(() => this.#api.post(`confirmations/${this.#id}/approval`, body, { retries: 0 }));
  }

  /** @param {() => Promise<{confirmation: Question}>} work */
  async #take(work) {
    const act = this.#act;
    part("consent-problem").textContent = "";
    try {
      const { confirmation } = await work();
      if (act === this.#act) this.#show(confirmation);
    } catch (error) {
      if (act !== this.#act) return;
      part("consent-problem").textContent = error instanceof Unreached ? say("lookup_lost") : pinProblem(error);
    }
  }

  async #follow() {
    const act = this.#act;
    try {
      const { confirmation } = await this.#api.get(`confirmations/${this.#id}`);
      if (act === this.#act && act !== null) this.#show(confirmation);
    } catch {
      if (act === this.#act && act !== null) this.#plan();
    }
  }

  #plan() {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#follow(), FOLLOW_MS);
  }

  /** @param {Question} question */
  #show(question) {
    this.#id = question.id;
    const words = { quantity: question.quantity, name: question.member, reward: question.reward };
    part("consent-what").textContent = say(question.reward ? "consent_what" : "consent_credit", words);
    if (question.state === "no") return this.#onBack(say("consent_no"));
    if (question.needs === null && this.#act) return this.#onReady(this.#act);
    // Where only a manager's word is missing the customer is not asked; their no counts all the same.
    const isOpen = question.state === "open" && question.needs === "confirmation";
    part("consent-title").textContent = say(question.needs === "approval" ? "consent_title_manager" : "consent_title");
    if (question.needs === "approval" && !this.#isTold) partOf("consent-manager", HTMLDetailsElement).open = this.#isTold = true;
    part("consent-pin").hidden = !isOpen || !question.has_pin;
    part("consent-yes").hidden = !isOpen || !question.screen_may;
    part("consent-no").hidden = question.state !== "open";
    part("consent-state").textContent = stateText(question);
    this.#onQuestion({ id: question.id, what: part("consent-what").textContent ?? "", mayAnswer: isOpen && question.screen_may });
    this.#plan();
  }
}

/** @param {Question} question */
function stateText({ state, needs, approved_by: manager, seconds_left: seconds }) {
  if (needs === "approval" && state === "open") return "";
  if (state === "yes") return say("consent_yes_now_manager");
  if (needs === "confirmation" && manager && state === "open") return say("consent_manager_now_yes");
  return state === "open" ? say("consent_waits", { seconds: String(seconds) }) : say("consent_over");
}

/** @param {HTMLInputElement} field */
function take(field) {
  const typed = field.value.slice(0, data.pin_length_max);
  field.value = "";
  return typed;
}
