/**
 * Who stands at this till: a wall of names, then a PIN. It covers the page without leaving it, so that the camera
 * and a half-typed amount stay; it comes by itself after a while without a touch, and from the menu.
 */

import { Refused, Unreached } from "./api.mjs";
import { fill } from "./hub.mjs";
import { recall, remember } from "./memory.mjs";
import { copyOf, data, part, partOf, say } from "./page.mjs";

/** @typedef {import("./api.mjs").Api} Api */
/** @typedef {{id: string, name: string, role: string, is_here?: boolean, approves: boolean}} Person */

const WHO = "till.who"; // who unlocked this till last, and when it was touched last
const TOUCH_MS = 5_000; // how often a touch is written down
const PEOPLE_LIMIT_MS = 4_000;

export class Wall {
  #root = part("wall");
  #digits = partOf("wall-digits", HTMLInputElement);
  #form = partOf("wall-pin", HTMLFormElement);
  #api;
  #onPerson;
  /** @type {Person | null} */
  #person = null;
  /** @type {(() => void) | null} what waits for somebody to be here */
  #then = null;
  /** @type {HTMLElement[]} */
  #covered = [];
  #idleTimer = 0;
  #touchedAt = 0;
  #isBusy = false;

  /**
   * @param {Api} api
   * @param {(person: Person | null) => void} onPerson told who works here now; null: nobody said so
   */
  constructor(api, onPerson) {
    this.#api = api;
    this.#onPerson = onPerson;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#enter();
    });
    part("wall-pad").addEventListener("click", (event) => this.#onDigit(event));
    part("wall-back").addEventListener("click", () => this.#showNames());
    part("wall-alone").addEventListener("click", () => this.#goAlone());
    this.#root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.#showNames();
    });
  }

  get isOpen() {
    return !this.#root.hidden;
  }

  /** At the start of a paired till: the wall where nobody is here, the clock where somebody is. */
  async start() {
    for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, () => this.#touch(), { capture: true });
    if (!data.staff) return this.open("");
    this.#touch();
    try {
      const { staff } = await this.#api.get("session", PEOPLE_LIMIT_MS);
      if (staff !== data.staff) this.open("");
    } catch (error) {
      // Opened from what the browser kept: whoever unlocked it a moment ago may go on.
      if (!(error instanceof Unreached) || !this.#wasHere(data.staff)) this.open("");
    }
  }

  /**
   * @param {string} text why
   * @param {() => void} [then] done as soon as somebody is here
   */
  open(text, then) {
    if (then) this.#then = then;
    window.clearTimeout(this.#idleTimer);
    part("wall-text").textContent = text;
    part("wall-alone").hidden = true;
    this.#root.hidden = false;
    this.#cover();
    this.#showNames();
    void this.#loadNames();
  }

  /** Nobody works here until somebody says who they are. */
  lock() {
    remember(WHO, "");
    void this.#api.post("lock", {}, { retries: 0 }).catch(() => null);
    this.open("");
  }

  async #loadNames() {
    try {
      const { people } = await this.#api.get("people", PEOPLE_LIMIT_MS);
      part("wall-names").replaceChildren(...people.map((/** @type {Person} */ person) => this.#nameOf(person)));
      if (people.length === 0) part("wall-text").textContent = say("wall_nobody");
      if (this.#form.hidden) part("wall-names").querySelector("button")?.focus({ preventScroll: true });
    } catch (error) {
      if (error instanceof Unreached) return this.#offerAlone();
      part("wall-text").textContent = error instanceof Refused ? error.message : say("refused_text");
    }
  }

  /** @param {Person} person */
  #nameOf(person) {
    const line = copyOf("wall-template");
    fill(line, ".wall__letter", [...person.name][0] ?? "");
    fill(line, "strong", person.name);
    fill(line, ".wall__role", person.role);
    line.querySelector("button")?.addEventListener("click", () => this.#choose(person));
    return line;
  }

  /** @param {Person} person */
  #choose(person) {
    this.#person = person;
    part("wall-who").textContent = person.name;
    part("wall-problem").textContent = "";
    part("wall-names").hidden = true;
    this.#form.hidden = false;
    this.#digits.value = "";
    this.#digits.focus({ preventScroll: true });
  }

  #showNames() {
    this.#person = null;
    this.#form.hidden = true;
    part("wall-names").hidden = false;
    const first = part("wall-names").querySelector("button");
    (first ?? part("wall-title")).focus({ preventScroll: true });
  }

  /** @param {Event} event */
  #onDigit(event) {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    const digit = button?.dataset.digit;
    if (!digit) return;
    const typed = this.#digits.value;
    this.#digits.value = digit === "back" ? typed.slice(0, -1) : (typed + digit).slice(0, data.pin_length_max);
  }

  async #enter() {
    if (!this.#person || this.#isBusy || this.#digits.value === "") return;
    this.#isBusy = true;
    try {
      const pin = this.#digits.value;
      this.#digits.value = "";
      const { staff } = await this.#api.post("switch", { staff: this.#person.id, pin }, { retries: 0 });
      this.#enterAs(staff);
    } catch (error) {
      this.#complain(error);
    } finally {
      this.#isBusy = false;
    }
  }

  /** @param {unknown} error */
  #complain(error) {
    part("wall-problem").textContent = pinProblem(error);
    if (error instanceof Unreached) this.#offerAlone();
    this.#digits.focus({ preventScroll: true });
  }

  /** @param {Person} person */
  #enterAs(person) {
    data.staff = person.id;
    this.#onPerson(person);
    this.#close();
    this.#touchedAt = 0;
    this.#touch();
  }

  #offerAlone() {
    part("wall-text").textContent = say("wall_offline");
    part("wall-alone").hidden = false;
    if (this.#form.hidden && part("wall-names").children.length === 0) part("wall-alone").focus({ preventScroll: true });
  }

  /** Without a connection no PIN can be checked: sales are saved in nobody's name, and a manager sees them. */
  #goAlone() {
    data.staff = null;
    this.#onPerson(null);
    this.#then = null;
    this.#close();
  }

  #close() {
    this.#root.hidden = true;
    for (const element of this.#covered) element.inert = false;
    this.#covered = [];
    const then = this.#then;
    this.#then = null;
    then?.();
  }

  /** What lies behind is neither read nor reached. */
  #cover() {
    if (this.#covered.length > 0) return;
    const beside = [...(this.#root.parentElement?.children ?? []), document.querySelector("header")];
    this.#covered = beside
      .filter((element) => element instanceof HTMLElement)
      .filter((element) => element !== this.#root && !element.inert);
    for (const element of this.#covered) element.inert = true;
  }

  #touch() {
    if (this.isOpen || !data.lock_seconds) return;
    window.clearTimeout(this.#idleTimer);
    this.#idleTimer = window.setTimeout(() => this.lock(), data.lock_seconds * 1000);
    if (!data.staff || Date.now() - this.#touchedAt < TOUCH_MS) return;
    this.#touchedAt = Date.now();
    remember(WHO, JSON.stringify({ staff: data.staff, at: this.#touchedAt }));
  }

  /** @param {string} staff */
  #wasHere(staff) {
    try {
      const known = JSON.parse(recall(WHO) || "{}");
      return known.staff === staff && Date.now() - known.at < (data.lock_seconds ?? 0) * 1000;
    } catch {
      return false;
    }
  }
}

/**
 * Why a PIN was not taken, in a sentence.
 * @param {unknown} error
 */
export function pinProblem(error) {
  if (error instanceof Unreached) return say("wall_offline");
  if (!(error instanceof Refused)) return say("refused_text");
  const seconds = Number(error.facts.retry_after_seconds);
  return seconds ? say("pin_wait", { minutes: String(Math.max(Math.round(seconds / 60), 1)) }) : error.message;
}
