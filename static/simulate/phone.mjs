/** One simulated phone on the page: its screen, its buttons, its log. */
import { drawBubble } from "./bubble.mjs";
import { h, part } from "./dom.mjs";
import { drawLog } from "./log.mjs";

/**
 * @typedef {{ id: string, face: any, updated_at: string }} CardState
 * @typedef {import("./bubble.mjs").Notification} Notification
 * @typedef {{ language: string, cards: CardState[], lines: import("./log.mjs").Line[], notifications: Notification[] }} PhoneState
 * @typedef {{ draw: (card: CardState, api: string, words: Record<string, string>, changed: Set<string>) => HTMLElement,
 *   changed: (before: any, after: any) => Set<string>,
 *   turning?: (root: HTMLElement, next: () => Promise<any>) => void }} Kind
 * @typedef {{ page: Record<string, string>, log: Record<string, string>, phones: Record<string, Record<string, string>> }} Texts
 */

const BUBBLE_MS = 8000; // long enough to read it from the other side of a table
const LOCK_SHOWN = 4;
const WALLET_TITLES = { iphone: { fr: "Cartes", en: "Wallet" }, android: { fr: "Wallet", en: "Wallet" } };

export class Phone {
  /**
   * @param {HTMLElement} root
   * @param {Kind} kind
   * @param {{ api: string, language: string, texts: Texts, send: (method: string, path: string, body?: object) => Promise<Response> }} page
   */
  constructor(root, kind, page) {
    this.root = root;
    this.name = root.dataset.phone ?? "";
    this.kind = kind;
    this.page = page;
    /** @type {PhoneState | null} */
    this.state = null;
    this.front = "";
    this.turned = false;
    /** @type {Set<string>} */
    this.seen = new Set();
    root.addEventListener("click", (event) => this.clicked(event));
    this.tick();
    setInterval(() => this.tick(), 5000);
  }

  /** The phone's own words, in its own language. */
  get words() {
    return this.page.texts.phones[this.state?.language ?? "fr"];
  }

  /** Whether nothing has ever happened on this phone: it then takes the reader's language. */
  get isUntouched() {
    return this.state !== null && this.state.lines.length === 0;
  }

  /** Whether there is no card on it. */
  get isEmpty() {
    return this.state?.cards.length === 0;
  }

  /** @param {string} language */
  speak(language) {
    return this.page.send("POST", `${this.name}/language`, { language });
  }

  /**
   * Show what the simulators say.
   * @param {PhoneState} state
   */
  show(state) {
    const before = this.state;
    this.state = state;
    this.chooseFront(before);
    this.drawCards(before);
    this.drawTools();
    this.drawNotifications(before === null);
    const log = drawLog(state.lines, this.page.texts.log, this.page.language);
    const nothing = h("p", { class: "muted small", text: this.page.texts.page.nothing });
    part(this.root, "[data-log]").replaceChildren(...(log.length > 0 ? log : [nothing]));
    this.tick();
  }

  /**
   * A card that is new comes to the front.
   * @param {PhoneState | null} before
   */
  chooseFront(before) {
    const known = new Set(before?.cards.map((card) => card.id));
    const cards = this.state?.cards ?? [];
    const fresh = before && cards.find((card) => !known.has(card.id));
    if (fresh || !cards.some((card) => card.id === this.front)) {
      this.front = (fresh ?? cards[0])?.id ?? "";
      this.turned = false;
    }
  }

  /** @param {PhoneState | null} before */
  drawCards(before) {
    const { cards, language } = /** @type {PhoneState} */ (this.state);
    const place = part(this.root, "[data-cards]");
    const same = before && JSON.stringify([before.cards, before.language]) === JSON.stringify([cards, language]);
    if (same && place.childElementCount > 0 && place.dataset.front === this.front) return;
    const old = before?.language === language ? before.cards.find((card) => card.id === this.front) : undefined;
    const card = cards.find((one) => one.id === this.front);
    const others = cards.filter((one) => one.id !== this.front);
    place.dataset.front = this.front;
    place.replaceChildren(
      card ? this.drawFront(card, old) : h("p", { class: "wallet__empty", text: this.words.empty }),
      ...others.map((one) => this.drawPeek(one)),
    );
  }

  /**
   * @param {CardState} card
   * @param {CardState | undefined} old
   */
  drawFront(card, old) {
    const changed = this.kind.changed(old?.face, card.face);
    const drawn = this.kind.draw(card, this.page.api, this.words, changed);
    drawn.classList.toggle("is-new", this.state !== null && !old);
    drawn.classList.toggle("is-updated", changed.size > 0);
    if (this.turned) turn(drawn, true);
    const path = `${this.page.api}${this.name}/cards/${encodeURIComponent(card.id)}/code`;
    this.kind.turning?.(drawn, async () => (await fetch(path)).json());
    return drawn;
  }

  /**
   * Another card, of which only the upper edge is seen.
   * @param {CardState} card
   */
  drawPeek(card) {
    const name = card.face.logo_text || card.face.organization || card.face.program;
    const label = this.page.texts.page.show.replace("%(card)s", name);
    const peek = h("button", { class: "peek", type: "button", "data-card": card.id, "aria-label": label, text: name });
    peek.style.setProperty("--peek-background", card.face.colours?.background ?? card.face.background);
    peek.style.setProperty("--peek-ink", card.face.colours?.foreground ?? "#fff");
    return peek;
  }

  drawTools() {
    const { cards, language } = /** @type {PhoneState} */ (this.state);
    for (const button of this.root.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.getAttribute("data-language") === language));
    }
    for (const name of ["flip", "refresh", "remove"]) {
      part(this.root, `[data-action="${name}"]`).toggleAttribute("disabled", cards.length === 0);
    }
    const titles = WALLET_TITLES[this.name === "iphone" ? "iphone" : "android"];
    part(this.root, "[data-wallet-title]").textContent = language === "fr" ? titles.fr : titles.en;
    part(this.root, ".screen").lang = language;
  }

  /** @param {boolean} first whether these were there before the page was opened */
  drawNotifications(first) {
    const { notifications } = /** @type {PhoneState} */ (this.state);
    const list = notifications.slice(-LOCK_SHOWN).reverse().map((one) => this.bubble(one));
    const none = h("p", { class: "lock__none", text: this.words.notifications });
    part(this.root, "[data-lock-list]").replaceChildren(...(list.length > 0 ? list : [none]));
    for (const one of notifications) {
      if (!first && !this.seen.has(one.id) && !this.locked) this.slideIn(one);
      this.seen.add(one.id);
    }
  }

  /** @param {Notification} notification */
  slideIn(notification) {
    const bubble = this.bubble(notification);
    bubble.classList.add("is-sliding");
    part(this.root, "[data-bubbles]").replaceChildren(bubble);
    setTimeout(() => bubble.classList.add("is-leaving"), BUBBLE_MS);
    setTimeout(() => bubble.remove(), BUBBLE_MS + 400);
  }

  /** @param {Notification} notification */
  bubble(notification) {
    const face = this.state?.cards.find((one) => one.id === notification.card)?.face;
    return drawBubble(notification, face, this.page.api, this.words, this.state?.language ?? "fr");
  }

  /** @param {MouseEvent} event */
  clicked(event) {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (!button) {
      if (event.target instanceof Element && event.target.closest(".pass, .gcard, .lock")) this.touched(event.target);
      return;
    }
    const { action, language, card } = button.dataset;
    if (language) void this.speak(language);
    if (card) this.bringForward(card);
    if (action === "flip") this.flip();
    if (action === "lock") this.lock();
    if (action === "dark") this.darken();
    if (action === "refresh") void this.page.send("POST", `${this.cardPath()}/refresh`);
    if (action === "remove") void this.page.send("DELETE", this.cardPath());
  }

  /** @param {Element} target */
  touched(target) {
    if (target.closest("a")) return;
    if (target.closest(".lock")) this.lock(false);
    else this.flip();
  }

  /** The address of the card in front. */
  cardPath() {
    return `${this.name}/cards/${encodeURIComponent(this.front)}`;
  }

  /** @param {string} id */
  bringForward(id) {
    this.front = id;
    this.turned = false;
    this.drawCards(null);
  }

  flip() {
    const card = this.root.querySelector(".pass, .gcard");
    if (!(card instanceof HTMLElement)) return;
    this.turned = !this.turned;
    turn(card, this.turned);
  }

  /** Dark mode: the phone's own; a card keeps its colours. */
  darken() {
    const dark = this.root.classList.toggle("is-dark");
    part(this.root, '[data-action="dark"]').setAttribute("aria-pressed", String(dark));
  }

  /** Whether the lock screen is shown: there notifications are in the list. */
  get locked() {
    return !part(this.root, "[data-lock]").hidden;
  }

  /** @param {boolean} [locked] */
  lock(locked = !this.locked) {
    part(this.root, "[data-lock]").hidden = !locked;
    part(this.root, "[data-wallet]").inert = locked;
    part(this.root, '[data-action="lock"]').setAttribute("aria-pressed", String(locked));
  }

  /** Set the phone's clocks. */
  tick() {
    const language = this.state?.language ?? "fr";
    const time = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hour12: false }).format();
    for (const clock of this.root.querySelectorAll("[data-clock]")) clock.textContent = time;
    const day = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" });
    part(this.root, "[data-day]").textContent = day.format();
  }
}

/**
 * Turn a card over; what lies face down cannot be reached.
 * @param {HTMLElement} card
 * @param {boolean} turned
 */
function turn(card, turned) {
  card.classList.toggle("is-turned", turned);
  const [front, back] = card.querySelectorAll(".pass__side, .gcard__side");
  front.toggleAttribute("inert", turned);
  back.toggleAttribute("inert", !turned);
  front.setAttribute("aria-hidden", String(turned));
  back.setAttribute("aria-hidden", String(!turned));
}
