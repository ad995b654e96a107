/** The desk around the sale: joining, the customer's view, what to say, the shift, photos, which hand. */

import { picture } from "./face.mjs";
import { faceOf } from "./face_of.mjs";
import { offerHands } from "./hand.mjs";
import { Joining } from "./joining.mjs";
import { counts, part, say } from "./page.mjs";
import { Photo } from "./photo.mjs";
import { Sheet, closeSheets } from "./sheet.mjs";
import { Shift } from "./shift.mjs";
import { ShopperView } from "./shopper_view.mjs";

/** @typedef {import("./desk.mjs").Desk} Desk */
/** @typedef {import("./desk.mjs").Member} Member */
/** @typedef {import("./joining.mjs").CardCode} CardCode */

export class DeskParts {
  /** @type {{memberId: string, svg: string} | null} */
  #card = null; // made here and not taken away yet
  #points = ""; // what is on it already
  #missed = ""; // what nobody was found by
  #isMeeting = false; // the card is of the customer who comes onto the screen now
  #cardSheet = new Sheet("card");
  #view;
  #joining;
  #onJoined;

  /**
   * @param {import("./api.mjs").Api | import("./practice.mjs").PracticeApi} api
   * @param {object} doers
   * @param {(member: Member) => void} doers.onJoined
   * @param {(photo: Blob) => Promise<{texts: string[]}>} doers.upload
   * @param {(texts: string[]) => void} doers.onTexts
   * @param {(question: string, answer: "yes" | "no") => void} doers.onAnswer the customer said yes or no to a spending
   */
  constructor(api, { onJoined, upload, onTexts, onAnswer }) {
    this.#view = new ShopperView(api, onAnswer);
    this.#onJoined = onJoined;
    this.#joining = new Joining(api, (member, card) => this.#met(member, card));
    new Shift(api);
    new Photo(upload, onTexts);
    offerHands();
    const coach = new Sheet("coach");
    for (const button of document.querySelectorAll("[data-coach]")) button.addEventListener("click", () => coach.openOver());
    for (const id of ["join-open", "outcome-join"]) {
      part(id).addEventListener("click", (event) => {
        event.stopPropagation(); // on the outcome a tap goes on
        this.#joining.open(this.#missed);
      });
    }
    part("card-open").addEventListener("click", () => this.#showCard());
  }

  /** @param {import("./consent.mjs").Asked | null} asked what the customer has to agree to */
  ask(asked) {
    this.#view.ask(asked);
  }

  /** @param {string} query that nobody was found by; "" when somebody was */
  miss(query) {
    this.#missed = query;
    part("outcome-join").hidden = query === "";
  }

  /**
   * @param {Desk} desk
   * @param {Desk} before
   */
  show(desk, before) {
    if (desk.name === "looking" || desk.name === "choosing") closeSheets();
    if (desk.name === "looking") this.miss("");
    const isTheirs = "member" in desk && desk.member?.id === this.#card?.memberId;
    part("card-open").hidden = !isTheirs || this.#card === null;
    if (desk.name === "done" && desk.outcome.member.id === this.#card?.memberId) {
      this.#points = desk.outcome.changes.length > 0 ? counts(desk.outcome.changes) : "";
    }
    this.#view.show(faceOf(desk, this.#card));
    const wasTheirs = before.name === "done" && before.outcome.member.id === this.#card?.memberId;
    if (desk.name === "idle" && wasTheirs) this.#showCard();
    if (desk.name === "looking" && !this.#isMeeting) this.#card = null;
  }

  /**
   * @param {Member} member
   * @param {CardCode | null} card null for somebody who was a member before
   */
  #met(member, card) {
    this.#card = card && { memberId: member.id, svg: card.svg };
    this.#points = "";
    part("card-title").textContent = say(member.name ? "join_welcome" : "join_welcome_nameless", { name: member.name });
    this.#isMeeting = true;
    this.#onJoined(member);
    this.#isMeeting = false;
    part("announce").textContent = card ? part("card-title").textContent : say("join_known");
  }

  #showCard() {
    if (!this.#card) return;
    part("card-text").textContent = say("card_text");
    part("card-points").textContent = this.#points ? say("card_points", { count: this.#points }) : "";
    part("card-code").replaceChildren(picture(this.#card.svg, say("card_text")));
    this.#cardSheet.open();
  }
}
