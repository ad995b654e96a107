/** Draws both phones from what the server made of the draft. */
import { drawBubble } from "../../simulate/bubble.mjs";
import { drawCard } from "../../simulate/card.mjs";
import { h, part } from "../../simulate/dom.mjs";
import { drawPass } from "../../simulate/pass.mjs";
import { foreseen, rewritten } from "./foresee.mjs";
import { become } from "./morph.mjs";
import { drawPoster } from "./poster.mjs";

/**
 * @typedef {import("./foresee.mjs").Shown} Shown
 * @typedef {{ view: string, language: string, dark: boolean, small: boolean }} Look
 */

const NOTHING = new Set();
const OTHERS = ["#1f5a8c", "#c9a227", "#7b2d3b"]; // cards of others, behind and before ours

export class Preview {
  /**
   * @param {HTMLElement} stage
   * @param {Record<string, string>} texts
   * @param {string[]} languages of the program, its own first
   */
  constructor(stage, texts, languages) {
    this.stage = stage;
    this.texts = texts;
    this.languages = languages;
    /** @type {Shown | null} as the server said it last */
    this.answer = null;
    /** @type {Shown | null} the same for the design of now */
    this.shown = null;
    /** @type {Look} */
    this.look = { view: "front", language: "fr", dark: false, small: false };
    /** @type {Map<string, string>} addresses of pictures that are loaded, by place */
    this.loaded = new Map();
    /** @type {Map<string, string>} addresses of pictures that should be shown, by place */
    this.wanted = new Map();
    /** @type {Map<string, string | undefined>} what stands where a newer picture has come */
    this.fresh = new Map();
    /** @type {Map<string, HTMLImageElement>} pictures on their way, by place */
    this.loading = new Map();
    /** @type {Map<string, string>} wallet → all that its phone was drawn from */
    this.drawn = new Map();
  }

  /**
   * An answer may be to a question of a few letters ago: what was written since stays on the phones.
   * @param {Shown} answer
   * @param {Record<string, any>} document of now, as the server takes it
   */
  show(answer, document) {
    this.answer = { ...answer, pictures: rewritten(answer.pictures) };
    this.foresee(document);
  }

  /**
   * Both phones as the server will answer, before it has.
   * @param {Record<string, any>} document
   */
  foresee(document) {
    if (!this.answer) return;
    this.shown = foreseen(this.answer, document, this.languages);
    this.draw();
  }

  /** @param {Partial<Look>} change */
  turn(change) {
    Object.assign(this.look, change);
    this.draw();
  }

  draw() {
    const { view, dark, small, language } = this.look;
    this.stage.classList.toggle("is-dark", dark);
    this.stage.classList.toggle("is-small", small);
    if (this.stage.dataset.view !== view) this.stage.dataset.view = view;
    if (!this.shown) return;
    for (const wallet of ["apple", "google"]) {
      const from = JSON.stringify([view, language, this.face(wallet), view === "lock" && this.shown.news[wallet][language]]);
      if (this.drawn.get(wallet) === from) continue;
      this.drawn.set(wallet, from);
      const screen = part(this.stage, `[data-phone="${wallet}"] [data-screen]`);
      if (screen.lang !== language) screen.lang = language;
      become(screen, [this.screen(wallet)]);
    }
  }

  /** @param {string} wallet */
  screen(wallet) {
    if (this.look.view === "lock") return this.lock(wallet);
    if (this.look.view === "watch" && wallet === "apple") return this.watch();
    const card = this.look.view === "poster" && wallet === "apple" ? drawPoster(this.face(wallet), this.texts) : this.card(wallet);
    const title = h("div", { class: "wallet__bar", "aria-hidden": "true", text: this.texts.wallet });
    const cards = this.look.view === "stack" ? this.stack(card, wallet) : [card];
    return h("div", { class: "wallet" }, title, h("div", { class: "wallet__cards" }, ...cards));
  }

  /** @param {string} wallet */
  face(wallet) {
    const { faces, pictures } = /** @type {Shown} */ (this.shown);
    const { language } = this.look;
    const ready = Object.entries(pictures[language]).map(([name, url]) => [name, this.picture(name, url)]);
    return { ...faces[wallet][language], pictures: Object.fromEntries(ready) };
  }

  /**
   * The newest picture that is here: until the next one has come the card keeps the one before.
   * @param {string} name
   * @param {string} url
   */
  picture(name, url) {
    const here = this.loaded.get(name);
    this.wanted.set(name, url);
    if (here !== url && !this.loading.has(name)) this.load(name);
    return here ?? url;
  }

  /**
   * One at a time for each place: of the colours that a slider passes the last is drawn, not every one.
   * @param {string} name
   */
  load(name) {
    const url = /** @type {string} */ (this.wanted.get(name));
    const image = new Image();
    const ended = () => {
      this.loading.delete(name);
      if (this.wanted.get(name) !== url) this.load(name);
    };
    image.addEventListener("load", () => {
      this.put(name, url);
      ended();
    });
    image.addEventListener("error", ended);
    this.loading.set(name, image);
    image.src = url;
  }

  /**
   * Pictures that come close together change in one frame.
   * @param {string} name
   * @param {string} url of a picture that is loaded
   */
  put(name, url) {
    if (this.fresh.size === 0) requestAnimationFrame(() => this.swap());
    if (!this.fresh.has(name)) this.fresh.set(name, this.loaded.get(name));
    this.loaded.set(name, url);
  }

  swap() {
    const inStage = [...this.stage.querySelectorAll("img")];
    for (const [name, before] of this.fresh) {
      const url = /** @type {string} */ (this.loaded.get(name));
      const outside = /** @type {NodeListOf<HTMLImageElement>} */ (document.querySelectorAll(`img[data-shown="${name}"]`));
      for (const shown of outside) shown.src = url;
      for (const shown of inStage) if (before !== undefined && shown.getAttribute("src") === before) shown.src = url;
    }
    this.fresh.clear();
  }

  /**
   * Fetch what these designs would show, one picture after the other, before anybody asks for it.
   * @param {Record<string, any>[]} documents
   */
  async warm(documents) {
    const { answer, languages } = this;
    if (!answer) return;
    const { language } = this.look;
    const urls = new Set(documents.flatMap((one) => Object.values(foreseen(answer, one, languages).pictures[language])));
    for (const url of urls) {
      const image = new Image();
      image.src = url;
      await image.decode().catch(() => undefined);
    }
  }

  /** @param {string} wallet */
  card(wallet) {
    const face = this.face(wallet);
    const draw = wallet === "apple" ? drawPass : drawCard;
    const card = draw({ id: "preview", face, updated_at: "" }, "", this.texts, /** @type {Set<string>} */ (NOTHING));
    if (this.look.view === "back") flip(card);
    return card;
  }

  /**
   * Among others, of which one sees the heads.
   * @param {HTMLElement} card
   * @param {string} wallet
   */
  stack(card, wallet) {
    const other = (/** @type {string} */ colour) => {
      const peek = h("div", { class: "designer-other", text: this.texts.other });
      peek.style.setProperty("--other", colour);
      return peek;
    };
    const ours = h("div", { class: `designer-slice designer-slice--${wallet}` }, card);
    return [other(OTHERS[0]), ours, other(OTHERS[1]), other(OTHERS[2])];
  }

  /** @param {string} wallet */
  lock(wallet) {
    const { language } = this.look;
    const { news } = /** @type {Shown} */ (this.shown);
    const face = this.face(wallet);
    const said = news[wallet][language];
    const title = wallet === "apple" ? face.organization : said[0];
    const texts = wallet === "apple" ? said : said.slice(1);
    const bubbles = texts
      .filter(Boolean)
      .map((text) => drawBubble({ id: "", at: new Date().toISOString(), card: "", title, text }, face, "", this.texts, language));
    const day = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" }).format();
    return h(
      "div",
      { class: "lock" },
      h("p", { class: "lock__day", text: day }),
      h("p", { class: "lock__time", text: "9:41" }),
      h("div", { class: "lock__list" }, ...bubbles, this.near(wallet, face)),
    );
  }

  /**
   * The card that comes forward beside a store: an iPhone says what the pass says, Android its own words.
   * @param {string} wallet
   * @param {any} face
   */
  near(wallet, face) {
    const [first] = face.near;
    if (!first) return null;
    if (wallet === "google") return h("p", { class: "lock__note", text: this.texts.near_google });
    const at = new Date().toISOString();
    const words = { ...this.texts, now: this.texts.near_here };
    return drawBubble({ id: "", at, card: "", title: face.organization, text: first.text }, face, "", words, this.look.language);
  }

  /** A watch has the colours, the texts and the code; neither strip nor icon. */
  watch() {
    const face = this.face("apple");
    const field = (/** @type {{ label: string, value: string }} */ one) =>
      h("div", { class: "watch__field" }, h("span", { text: one.label }), h("strong", { text: one.value }));
    const fields = [...face.header, ...face.primary, ...face.secondary, ...face.auxiliary].map(field);
    const screen = h(
      "div",
      { class: "watch__screen" },
      h("p", { class: "watch__head" }, h("img", { src: face.pictures.logo, alt: "" }), h("span", { text: face.logo_text || face.organization })),
      ...fields,
      face.barcode && h("img", { class: "watch__code", src: face.barcode.picture, alt: "QR" }),
    );
    screen.style.setProperty("--pass-background", face.colours.background);
    screen.style.setProperty("--pass-foreground", face.colours.foreground);
    screen.style.setProperty("--pass-label", face.colours.label);
    return h("div", { class: "watch" }, screen);
  }
}

/**
 * Show the back of the card, at once.
 * @param {HTMLElement} card
 */
export function flip(card) {
  card.classList.add("is-turned", "is-still");
  const [front, back] = card.querySelectorAll(".pass__side, .gcard__side");
  front.setAttribute("aria-hidden", "true");
  front.toggleAttribute("inert", true);
  back.removeAttribute("inert");
  back.setAttribute("aria-hidden", "false");
  back.setAttribute("tabindex", "0");
}
