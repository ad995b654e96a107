/** The till turned to the customer, and the second screen: both show the same face. */

import { Api } from "./api.mjs";
import { CHANNEL, paint, watchAnswers } from "./face.mjs";
import { FarScreens } from "./far_screens.mjs";
import { recall, remember } from "./memory.mjs";
import { data, part, say } from "./page.mjs";
import { Sheet } from "./sheet.mjs";

/** @typedef {import("./face.mjs").Face} Face */
/** @typedef {import("./consent.mjs").Asked} Asked */

const TURNED = "till.upside_down";
const LINGER_MS = 6_000; // the shopper is slower than the till, which is ready for the next card sooner
const RESULTS = ["done", "gift", "saved"];

export class ShopperView {
  #root = part("flip");
  #turn = part("flip-turn");
  #sheet = new Sheet("flip");
  #channel = new BroadcastChannel(CHANNEL);
  /** @type {Face | null} */
  #face = null;
  /** @type {Face | null} */
  #question = null; // stands before everything else
  #lingering = 0;

  /** @type {FarScreens | null} */
  #far = null; // only paired tills have screens on other devices

  /**
   * @param {import("./api.mjs").Api | import("./practice.mjs").PracticeApi} api
   * @param {(question: string, answer: "yes" | "no") => void} onAnswer the customer tapped here or on the second screen
   */
  constructor(api, onAnswer) {
    if (api instanceof Api && data.paired) this.#far = new FarScreens(api);
    this.#channel.addEventListener("message", ({ data: said }) => {
      if (said?.ask) this.#tell();
      if (said?.question && (said.answer === "yes" || said.answer === "no")) onAnswer(said.question, said.answer);
    });
    watchAnswers(this.#root, onAnswer);
    part("flip-open").addEventListener("click", () => this.#sheet.open(part("flip-back")));
    part("flip-back").addEventListener("click", () => this.#sheet.close());
    const openWindow = () => window.open(data.screen, "comptoir-screen", "popup");
    part("open-screen").addEventListener("click", () => (this.#far ? this.#far.open() : openWindow()));
    part("screens-window").addEventListener("click", openWindow);
    this.#turn.addEventListener("click", () => {
      remember(TURNED, recall(TURNED) === "1" ? "" : "1");
      this.#showTurned();
    });
    this.#showTurned();
  }

  /** @param {Face} face a welcome waits a moment for whoever still reads what they got */
  show(face) {
    window.clearTimeout(this.#lingering);
    const isRead = face.kind !== "welcome" || !this.#face || !RESULTS.includes(this.#face.kind);
    if (isRead) return this.#turnTo(face);
    this.#lingering = window.setTimeout(() => this.#turnTo(face), LINGER_MS);
  }

  /** @param {Face} face */
  #turnTo(face) {
    this.#face = face;
    this.#paint();
  }

  /** @param {Asked | null} asked what the customer has to agree to; null once that is over */
  ask(asked) {
    this.#question = asked && {
      kind: "phone",
      title: say("face_agree"),
      text: asked.mayAnswer ? asked.what : `${asked.what}. ${say("face_agree_elsewhere")}`,
      question: asked.mayAnswer ? asked.id : "",
      practice: data.practice,
    };
    this.#paint();
  }

  #paint() {
    const face = this.#question ?? this.#face;
    if (face) paint(this.#root, face);
    this.#tell();
  }

  #tell() {
    const face = this.#question ?? this.#face;
    if (!face) return;
    this.#channel.postMessage({ face });
    this.#far?.show(face);
  }

  /** For a tablet that lies flat between the two. */
  #showTurned() {
    const isTurned = recall(TURNED) === "1";
    this.#turn.setAttribute("aria-pressed", String(isTurned));
    this.#root.dataset.turned = String(isTurned);
  }
}
