/** Create now: an e-mail or a number, and a code that hands over the card. */

import { Refused, Unreached } from "./api.mjs";
import { newRequestId } from "./acts.mjs";
import { data, part, partOf, say } from "./page.mjs";
import { Sheet } from "./sheet.mjs";

/** @typedef {import("./desk.mjs").Member} Member */
/** @typedef {{address: string, svg: string}} CardCode a link that works once, and its picture */
/** @typedef {{post: (path: string, body: Record<string, unknown>) => Promise<any>}} Poster */

const NUMBER_DIGITS_MIN = 6; // of a phone number that somebody is still typing

export class Joining {
  #form = partOf("join-form", HTMLFormElement);
  #contact = partOf("join-contact", HTMLInputElement);
  #name = partOf("join-name", HTMLInputElement);
  #consent = partOf("join-consent", HTMLInputElement);
  #go = partOf("join-go", HTMLButtonElement);
  #sheet = new Sheet("join");
  #api;
  #onMet;
  #asked = ""; // what was sent, as text
  #requestId = ""; // of it: sent again it joins nobody twice

  /**
   * @param {Poster} api
   * @param {(member: Member, card: CardCode | null) => void} onMet
   */
  constructor(api, onMet) {
    this.#api = api;
    this.#onMet = onMet;
    this.#contact.addEventListener("input", () => this.#showConsent());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#join();
    });
  }

  /** @param {string} typed what nobody was found by */
  open(typed = "") {
    const purpose = purposeOf(typed);
    this.#contact.value = purpose ? typed : "";
    this.#name.value = purpose || /\d/.test(typed) ? "" : typed;
    this.#consent.checked = false;
    part("join-problem").textContent = "";
    this.#showConsent();
    this.#sheet.open(purpose ? this.#name : this.#contact);
  }

  /** The sentence that belongs to what was typed: never ticked beforehand, and asked anew when it changes. */
  #showConsent() {
    const purpose = purposeOf(this.#contact.value);
    const row = part("join-consent-row");
    if (row.dataset.purpose !== purpose) this.#consent.checked = false;
    row.dataset.purpose = purpose;
    row.hidden = part("join-consent-how").hidden = !purpose;
    part("join-consent-words").textContent = data.consents[purpose] ?? "";
    this.#contact.removeAttribute("aria-invalid");
  }

  async #join() {
    const contact = this.#contact.value.trim();
    if (!contact) return this.#complain(say("join_missing"));
    const consents = this.#consent.checked ? [purposeOf(contact)] : [];
    const facts = { contact, name: this.#name.value.trim(), consents };
    const asked = JSON.stringify(facts);
    if (asked !== this.#asked) [this.#asked, this.#requestId] = [asked, newRequestId()];
    this.#go.disabled = true;
    try {
      const answer = await this.#api.post("members", { request_id: this.#requestId, ...facts });
      this.#asked = "";
      this.#sheet.close();
      this.#onMet(answer.member, answer.card);
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Unreached)) throw error;
      this.#complain(error instanceof Refused ? error.message : say("join_offline"));
    } finally {
      this.#go.disabled = false;
    }
  }

  /** @param {string} sentence */
  #complain(sentence) {
    part("join-problem").textContent = sentence;
    this.#contact.setAttribute("aria-invalid", "true");
    this.#contact.focus({ preventScroll: true });
  }
}

/**
 * What news would come by: "email", "sms", or "" while it is neither.
 * @param {string} typed
 */
export function purposeOf(typed) {
  if (typed.includes("@")) return "email";
  return typed.replace(/\D/g, "").length >= NUMBER_DIGITS_MIN && !/[a-z]/i.test(typed) ? "sms" : "";
}
