/** The form and the document: each shows what the other says. */
import { h, part } from "../../simulate/dom.mjs";
import { luminance } from "../../simulate/card.mjs";
import { at, contrast, put } from "./document.mjs";
import { read, show } from "./fields.mjs";
import { More } from "./more.mjs";
import { GoogleRows } from "./rows.mjs";
import { NearStores } from "./stores.mjs";

const GROUPS = ["header", "primary", "secondary", "auxiliary", "back"];
const ROOM = { header: 3, primary: 1, secondary: 4, auxiliary: 4, back: 99 };
const BELOW_MAX = 4; // Apple: secondary and auxiliary together
const READABLE = 4.5;
const COLOUR_PATH = /(^|\.)(background|foreground|label)$/;

export class Form {
  /**
   * @param {HTMLFormElement} root
   * @param {Record<string, any>} document
   * @param {{ texts: Record<string, string>, language: string, zone: string, changed: () => void }} page
   */
  constructor(root, document, page) {
    this.root = root;
    this.document = document;
    this.page = page;
    this.more = new More(root, page.zone);
    this.googleRows = new GoogleRows(root, page.texts);
    this.nearStores = new NearStores(root, page.texts);
    this.ratio = new Intl.NumberFormat(page.language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
    root.addEventListener("input", (event) => this.typed(event));
    root.addEventListener("click", (event) => this.clicked(event));
    root.addEventListener("submit", (event) => event.preventDefault());
    part(root, "#add-back").addEventListener("click", () => this.addBack());
  }

  /** @param {Record<string, any>} document */
  open(document) {
    this.document = document;
    this.fill();
  }

  /** Every field says what the document says. */
  fill() {
    for (const field of this.root.querySelectorAll("[data-path]")) this.fillField(/** @type {HTMLInputElement} */ (field));
    this.more.fill(this.document);
    this.fillFacts();
    this.googleRows.fill(this.document);
    this.nearStores.fill(this.document);
    this.fillBack();
    for (const box of this.root.querySelectorAll("[data-announce]")) this.fillNews(/** @type {HTMLElement} */ (box));
    for (const box of this.root.querySelectorAll("[data-tier]")) this.fillTier(/** @type {HTMLElement} */ (box));
    this.fillArt();
    this.fillContrast();
  }

  /**
   * The fields in these parts of the form.
   * @param {string} place
   */
  fillPaths(place) {
    for (const field of this.root.querySelectorAll(`${place} [data-path]`)) this.fillField(/** @type {HTMLInputElement} */ (field));
  }

  /** @param {HTMLInputElement} field */
  fillField(field) {
    const path = field.dataset.path ?? "";
    const value = at(this.document, path) ?? inherited(this.document, path);
    show(field, value, this.page.zone);
  }

  /** @param {Event} event */
  typed(event) {
    const field = /** @type {HTMLInputElement} */ (event.target);
    const { path } = field.dataset;
    if (path) this.take(field, path);
    else if (field.dataset.back) this.takeBack();
    else if (field.closest("[data-fact]")) this.takeFacts();
    else if (field.dataset.ownNews !== undefined) this.ownNews(field);
    else if (field.dataset.ownTier !== undefined) this.ownTier(field);
    else if (this.more.typed(field, this.document)) this.fillPaths("[data-switched]");
    else if (!this.googleRows.typed(field, this.document) && !this.nearStores.typed(field, this.document)) return;
    this.page.changed();
  }

  /**
   * @param {HTMLInputElement} field
   * @param {string} path
   */
  take(field, path) {
    const isOfLanguage = /^(description|logo_text|near_words|announce\.\w+)\./.test(path);
    const isLeftOut = isOfLanguage && field.value === "";
    put(this.document, path, isLeftOut ? undefined : read(field, this.page.zone));
    for (const other of this.root.querySelectorAll(`[data-path="${path}"]`)) {
      if (other !== field) this.fillField(/** @type {HTMLInputElement} */ (other));
    }
    if (path.startsWith("announce.") || path === "announce") this.tidyNews();
    if (path === "shows_near_stores") this.nearStores.showWhether(this.document);
    if (COLOUR_PATH.test(path)) this.fillContrast();
  }

  /** @param {MouseEvent} event */
  clicked(event) {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (!button) return;
    if ([this.more, this.googleRows, this.nearStores].some((one) => one.clicked(button, this.document))) return this.page.changed();
    const row = button.closest("[data-fact], .designer-back__one");
    if (button.dataset.move === "up" && row?.previousElementSibling) {
      row.previousElementSibling.before(row);
      this.takeFacts();
    } else if (button.dataset.backAct === "up" && row?.previousElementSibling) {
      row.previousElementSibling.before(row);
      this.takeBack();
    } else if (button.dataset.backAct === "remove" && row) {
      row.remove();
      this.takeBack();
      part(this.root, "#add-back").focus();
    } else return;
    if (button.isConnected) button.focus();
    this.page.changed();
  }

  // --- what stands where

  fillFacts() {
    const list = part(this.root, "#facts");
    const { layout } = this.document;
    const order = GROUPS.flatMap((group) => layout[group]).filter((key) => key !== "*");
    const rows = /** @type {HTMLElement[]} */ ([...list.children]);
    const rank = (/** @type {HTMLElement} */ row) => {
      const found = order.indexOf(row.dataset.fact);
      return found < 0 ? order.length : found;
    };
    rows.sort((one, other) => rank(one) - rank(other));
    if (rows.some((row, place) => list.children[place] !== row)) list.append(...rows);
    for (const row of rows) {
      const group = GROUPS.find((name) => layout[name].includes(row.dataset.fact)) ?? (layout.secondary.includes("*") ? "secondary" : "back");
      part(row, "select").setAttribute("data-group", group);
      /** @type {HTMLSelectElement} */ (part(row, "select")).value = group;
    }
  }

  takeFacts() {
    const layout = Object.fromEntries(GROUPS.map((group) => [group, /** @type {string[]} */ ([])]));
    for (const row of part(this.root, "#facts").children) {
      const { value } = /** @type {HTMLSelectElement} */ (part(row, "select"));
      const room = ROOM[/** @type {keyof ROOM} */ (value)];
      const isFull = layout[value].length >= room;
      layout[isFull ? "back" : value].push(/** @type {HTMLElement} */ (row).dataset.fact ?? "");
    }
    while (layout.secondary.length + layout.auxiliary.length > BELOW_MAX) {
      const from = layout.auxiliary.length > 1 ? layout.auxiliary : layout.secondary;
      layout.back.unshift(/** @type {string} */ (from.pop()));
    }
    if (layout.secondary.length + layout.auxiliary.length < BELOW_MAX) layout.secondary.push("*");
    this.document.layout = layout;
    this.fillFacts();
  }

  // --- the back

  fillBack() {
    const list = part(this.root, "#back");
    list.replaceChildren(...this.document.back.map((/** @type {any} */ text) => this.backRow(text)));
  }

  /** @param {any} text */
  backRow(text) {
    const template = /** @type {HTMLTemplateElement} */ (window.document.getElementById("back-text"));
    const row = /** @type {HTMLElement} */ (/** @type {Element} */ (template.content.firstElementChild).cloneNode(true));
    row.dataset.key = text.key;
    for (const field of row.querySelectorAll("[data-back]")) {
      const input = /** @type {HTMLInputElement} */ (field);
      input.value = at(text, input.dataset.back ?? "") ?? "";
    }
    return row;
  }

  addBack() {
    const taken = new Set(this.document.back.map((/** @type {any} */ text) => text.key));
    let number = 1;
    while (taken.has(`text${number}`)) number += 1;
    const row = this.backRow({ key: `text${number}`, title: {}, body: {}, url: null, kind: "text" });
    part(this.root, "#back").append(row);
    part(row, "[data-back]").focus();
  }

  /** Texts that say nothing yet are not part of the card. */
  takeBack() {
    const rows = [.../** @type {HTMLCollectionOf<HTMLElement>} */ (part(this.root, "#back").children)];
    this.document.back = rows.map(backText).filter((text) => Object.keys(text.title).length + Object.keys(text.body).length > 0);
  }

  // --- the lock screen

  /** @param {HTMLElement} box */
  fillNews(box) {
    const own = at(this.document, `announce.${box.dataset.announce}`);
    /** @type {HTMLInputElement} */ (part(box, "[data-own-news]")).checked = own !== undefined;
    part(box, "[data-news-words]").hidden = own === undefined;
  }

  /** @param {HTMLInputElement} field */
  ownNews(field) {
    const box = /** @type {HTMLElement} */ (field.closest("[data-announce]"));
    part(box, "[data-news-words]").hidden = !field.checked;
    const path = `announce.${box.dataset.announce}`;
    const fields = /** @type {NodeListOf<HTMLInputElement>} */ (box.querySelectorAll("[data-path]"));
    if (!field.checked) return put(this.document, path, undefined);
    for (const one of fields) if (!one.value) one.value = "%@";
    put(this.document, path, Object.fromEntries([...fields].map((one) => [one.lang, one.value])));
  }

  tidyNews() {
    for (const [key, words] of Object.entries(this.document.announce)) {
      if (typeof words === "object" && Object.keys(words).length === 0) this.document.announce[key] = "";
    }
  }

  // --- statuses

  /** @param {HTMLElement} box */
  fillTier(box) {
    const look = this.document.tiers[box.dataset.tier ?? ""];
    const isOwn = Boolean(look?.background || look?.foreground || look?.label);
    /** @type {HTMLInputElement} */ (part(box, "[data-own-tier]")).checked = isOwn;
    part(box, "[data-tier-colours]").hidden = !isOwn;
  }

  /** @param {HTMLInputElement} field */
  ownTier(field) {
    const box = /** @type {HTMLElement} */ (field.closest("[data-tier]"));
    const path = `tiers.${box.dataset.tier}`;
    for (const name of ["background", "foreground", "label"]) {
      put(this.document, `${path}.${name}`, field.checked ? this.document[name] : null);
    }
    part(box, "[data-tier-colours]").hidden = !field.checked;
    for (const one of box.querySelectorAll("[data-path]")) this.fillField(/** @type {HTMLInputElement} */ (one));
    this.fillContrast();
  }

  // --- pictures and colours

  fillArt() {
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (this.root.querySelectorAll("[data-remove]"))) {
      button.hidden = !at(this.document, artPath(button));
    }
    for (const row of /** @type {NodeListOf<HTMLElement>} */ (this.root.querySelectorAll("[data-art]"))) {
      const isOwn = Boolean(at(this.document, artPath(row)));
      row.classList.toggle("is-own", isOwn);
      part(row, "[data-art-state]").textContent = isOwn ? this.page.texts.own_picture : (row.dataset.none ?? "");
    }
  }

  fillContrast() {
    for (const box of /** @type {NodeListOf<HTMLElement>} */ (this.root.querySelectorAll("[data-colour]"))) {
      const path = box.dataset.colour ?? "";
      if (path.endsWith("background")) continue;
      const ground = path.replace(/\w+$/, "background");
      const value = (/** @type {string} */ one) => at(this.document, one) ?? inherited(this.document, one) ?? "";
      const ratio = contrast(value(path), value(ground), luminance);
      const said = box.querySelector(".designer-contrast") ?? box.appendChild(h("p", { class: "designer-contrast" }));
      const text = ratio ? this.page.texts.contrast.replace("%(ratio)s", this.ratio.format(ratio)) : "";
      if (said.textContent !== text) said.textContent = text;
      said.classList.toggle("is-low", ratio > 0 && ratio < READABLE);
    }
  }
}

/**
 * Where in the document the picture of this control stands.
 * @param {HTMLElement} control
 */
export function artPath(control) {
  const { remove, upload, art, tierKey, artLanguage } = control.dataset;
  const role = remove ?? upload ?? art ?? "";
  if (artLanguage) return `images_by_language.${artLanguage}.${role}`;
  return tierKey ? `tiers.${tierKey}.images.${role}` : `images.${role}`;
}

/**
 * A status that has no colour of its own has the card's.
 * @param {Record<string, any>} document
 * @param {string} path
 */
function inherited(document, path) {
  return path.startsWith("tiers.") ? document[path.split(".")[2]] : undefined;
}

/** @param {HTMLElement} row */
function backText(row) {
  /** @type {any} */
  const text = { key: row.dataset.key, title: {}, body: {}, url: null, kind: "text" };
  for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (row.querySelectorAll("[data-back]"))) {
    if (field.value) put(text, field.dataset.back ?? "", field.value);
  }
  return text;
}
