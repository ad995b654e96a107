/** What needs a manager at the till: taking back something of earlier, giving or taking by hand. */

import { newRequestId } from "./acts.mjs";
import { Unreached } from "./api.mjs";
import { fill } from "./hub.mjs";
import { copyOf, data, part, partOf, say } from "./page.mjs";
import { pinProblem } from "./wall.mjs";

/** @typedef {import("./api.mjs").Api} Api */
/** @typedef {import("./desk.mjs").Member} Member */

export class Manager {
  #root = part("manager");
  #form = partOf("manager-form", HTMLFormElement);
  #who = partOf("manager-who", HTMLSelectElement);
  #quantity = partOf("manager-quantity", HTMLInputElement);
  #reason = partOf("manager-reason", HTMLInputElement);
  #pin = partOf("manager-pin", HTMLInputElement);
  #api;
  #onDone;
  /** @type {Member | null} */
  #member = null;
  #requestId = "";

  /**
   * @param {Api} api
   * @param {(answer: any) => void} onDone told what the server answered
   */
  constructor(api, onDone) {
    this.#api = api;
    this.#onDone = onDone;
    part("manager-back").addEventListener("click", () => this.close());
    part("manager-what").addEventListener("change", () => this.#showAmount());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    });
    this.#root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.close();
    });
  }

  get isOpen() {
    return !this.#root.hidden;
  }

  /** @param {Member} member */
  open(member) {
    this.#member = member;
    this.#requestId = newRequestId();
    this.#form.reset();
    part("manager-member").textContent = member.name || member.number;
    part("manager-problem").textContent = "";
    part("manager-movements").replaceChildren();
    this.#root.hidden = false;
    this.#showAmount();
    part("manager-title").focus({ preventScroll: true });
    void this.#load(member);
  }

  close() {
    this.#root.hidden = true;
    this.#member = null;
  }

  /** @param {Member} member */
  async #load(member) {
    try {
      const { people } = await this.#api.get("approvers");
      this.#who.replaceChildren(...people.map((/** @type {{id: string, name: string}} */ one) => new Option(one.name, one.id)));
      if (people.length === 0) part("manager-problem").textContent = say("manager_nobody");
      const { movements } = await this.#api.post("movements", { member_id: member.id });
      if (member === this.#member) part("manager-movements").replaceChildren(...movements.map(movementOf));
    } catch (error) {
      part("manager-problem").textContent = error instanceof Unreached ? say("lookup_lost") : pinProblem(error);
    }
  }

  get #what() {
    return String(new FormData(this.#form).get("manager-act") ?? "give");
  }

  #showAmount() {
    part("manager-amount").hidden = this.#what.startsWith("ent_");
  }

  async #send() {
    const what = this.#what;
    const pin = this.#pin.value.slice(0, data.pin_length_max);
    if (!this.#member || !this.#reason.value.trim()) return this.#reason.focus({ preventScroll: true });
    if (!pin) return this.#pin.focus({ preventScroll: true });
    this.#pin.value = "";
    const word = { request_id: this.#requestId, staff: this.#who.value, pin, reason: this.#reason.value };
    const quantity = Number(this.#quantity.value) * (what === "take" ? -1 : 1);
    const isBack = what.startsWith("ent_");
    if (!isBack && !Number.isInteger(quantity)) return this.#quantity.focus({ preventScroll: true });
    const path = isBack ? "reversals" : "adjustments";
    const facts = isBack ? { entry_id: what } : { member_id: this.#member.id, unit: data.unit, quantity };
    try {
      const answer = await this.#api.post(path, { ...word, ...facts });
      this.close();
      this.#onDone(answer);
    } catch (error) {
      part("manager-problem").textContent = error instanceof Unreached ? say("unsent_text") : pinProblem(error);
    }
  }
}

/** @param {{id: string, is_given: boolean, quantity: string, when: string, by: string}} movement */
function movementOf({ id, is_given, quantity, when, by }) {
  const line = copyOf("movement-template");
  const radio = line.querySelector("input");
  if (radio) radio.value = id;
  fill(line, ".manager__words", say(is_given ? "manager_back" : "manager_return", { quantity, when, by }));
  return line;
}
