/** What is live and what is to come, side by side in both wallets, front and back; and the difference in words. */
import { drawCard } from "../../simulate/card.mjs";
import { fill, h, part } from "../../simulate/dom.mjs";
import { drawPass } from "../../simulate/pass.mjs";
import { rewritten } from "./foresee.mjs";
import { flip } from "./preview.mjs";

/**
 * @typedef {{ name: string, place: string, text: string }} Piece one labelled text of a card
 * @typedef {{ face: Record<string, any>, pictures: Record<string, string> }} Side
 */

const APPLE_GROUPS = ["header", "primary", "secondary", "auxiliary", "back"];
const APPLE_PICTURES = { logo: ["logo"], icon: ["icon"], strip: ["strip"] };
const GOOGLE_PICTURES = { google_logo: ["google_logo", "icon", "logo"], wide: ["logo"], hero: ["hero", "strip"] };

export class Compare {
  /** @param {Record<string, string>} texts */
  constructor(texts) {
    this.root = part(document, "#compare");
    this.texts = texts;
    this.isBack = false;
    /** @type {Record<string, Record<string, any>>} live and draft, as the preview was answered */
    this.sides = {};
    this.language = "";
    for (const button of this.root.querySelectorAll("button")) button.addEventListener("click", () => this.turn(button));
  }

  /**
   * @param {Record<string, any>} live
   * @param {Record<string, any>} draft
   * @param {string} language
   */
  show(live, draft, language) {
    const own = (/** @type {Record<string, any>} */ side) => ({ ...side, pictures: rewritten(side.pictures) });
    this.sides = { live: own(live), draft: own(draft) };
    this.language = language;
    for (const wallet of ["apple", "google"]) this.draw(wallet);
  }

  /** @param {HTMLButtonElement} button */
  turn(button) {
    this.isBack = button.dataset.side === "back";
    for (const one of this.root.querySelectorAll("[data-side]")) one.setAttribute("aria-pressed", String(one === button));
    if (this.sides.live) for (const wallet of ["apple", "google"]) this.draw(wallet);
  }

  /** @param {string} wallet */
  draw(wallet) {
    const [live, draft] = [this.side("live", wallet), this.side("draft", wallet)];
    const found = wallet === "apple" ? appleDifferences(live, draft, this.texts) : googleDifferences(live, draft, this.texts);
    const draw = wallet === "apple" ? drawPass : drawCard;
    for (const [name, side] of /** @type {[string, Side][]} */ ([["live", live], ["draft", draft]])) {
      const face = /** @type {any} */ ({ ...side.face, pictures: side.pictures });
      const card = draw({ id: name, face, updated_at: "" }, "", this.texts, /** @type {Set<string>} */ (name === "draft" ? found.marked : new Set()));
      if (this.isBack) flip(card);
      part(this.root, `[data-compare="${name}"][data-wallet="${wallet}"]`).replaceChildren(card);
    }
    const list = found.sentences.length > 0 ? found.sentences : [this.texts.same_card];
    part(this.root, `[data-differences="${wallet}"]`).replaceChildren(...list.map((text) => h("li", { text })));
  }

  /**
   * @param {string} name
   * @param {string} wallet
   * @returns {Side}
   */
  side(name, wallet) {
    const shown = this.sides[name];
    return { face: shown.faces[wallet][this.language], pictures: shown.pictures[this.language] };
  }
}

/**
 * @param {Side} before
 * @param {Side} after
 * @param {Record<string, string>} texts
 */
export function appleDifferences(before, after, texts) {
  const colours = ["background", "foreground", "label"].filter((name) => rgb(before.face.colours[name]) !== rgb(after.face.colours[name]));
  const names = ["organization", "logo_text", "description"].filter((name) => before.face[name] !== after.face[name]);
  const [old, now] = [applePieces(before.face), applePieces(after.face)];
  const parts = [...colours, ...names, ...otherPictures(before, after, APPLE_PICTURES), ...otherStores(before, after)];
  const words = parts.map((name) => texts[`part_${name}`]);
  const marked = new Set([...now].filter(([key, piece]) => !same(old.get(key), piece)).map(([key]) => key));
  return { sentences: [...words, ...differences(old, now, texts)], marked };
}

/**
 * @param {Side} before
 * @param {Side} after
 * @param {Record<string, string>} texts
 */
export function googleDifferences(before, after, texts) {
  const named = ["background", "issuer", "program"].filter((name) => before.face[name] !== after.face[name]);
  const [old, now] = [googlePieces(before.face), googlePieces(after.face)];
  const parts = [...named, ...otherPictures(before, after, GOOGLE_PICTURES), ...otherStores(before, after)];
  const words = parts.map((name) => texts[`part_${name}`]);
  const marked = new Set([...now].filter(([key, piece]) => !same(old.get(key), piece)).map(([, piece]) => piece.name));
  return { sentences: [...words, ...differences(old, now, texts)], marked };
}

/**
 * @param {Record<string, any>} face
 * @returns {Map<string, Piece>} key of a field → where it stands and what it says
 */
function applePieces(face) {
  const fields = APPLE_GROUPS.flatMap((group) =>
    face[group].map((/** @type {any} */ one, /** @type {number} */ at) => [
      one.key,
      { name: one.label || one.value, place: group === "back" ? group : `${group} ${at}`, text: `${one.label}\n${one.value}` },
    ]),
  );
  return new Map(fields);
}

/** @param {Record<string, any>} face */
function googlePieces(face) {
  /** @type {Map<string, Piece>} */
  const pieces = new Map();
  const add = (/** @type {any} */ one, /** @type {string} */ side, /** @type {string} */ place = "") => {
    const name = `${side} ${one.label ?? one.url}`;
    let key = name;
    for (let number = 2; pieces.has(key); number += 1) key = `${name} ${number}`; // two texts of one title are two
    pieces.set(key, { name: one.label ?? one.text, place: `${side} ${place}`, text: `${one.label ?? one.text}\n${one.value ?? one.url}` });
  };
  for (const [number, row] of face.rows.entries()) for (const one of row) add(one, "front", `${number} ${one.at}`);
  for (const one of [...face.details, ...face.links]) add(one, "back");
  return pieces;
}

/**
 * @param {Map<string, Piece>} old
 * @param {Map<string, Piece>} now
 * @param {Record<string, string>} texts
 */
function differences(old, now, texts) {
  const sentences = [];
  for (const [key, piece] of now) {
    const was = old.get(key);
    if (!was && isTwin(key, now, old)) continue;
    if (!was) sentences.push(fill(turned(key, old) ? texts.piece_on_front : texts.piece_new, piece));
    else if (was.text !== piece.text) sentences.push(fill(texts.piece_other, piece));
    else if (was.place !== piece.place) sentences.push(fill(texts.piece_moved, piece));
  }
  for (const [key, piece] of old) {
    if (now.has(key) || isTwin(key, old, now)) continue;
    sentences.push(fill(turned(key, now) ? texts.piece_off_front : texts.piece_gone, piece));
  }
  return sentences;
}

/**
 * Whether this is on the back of a side what is on its front as well, and nowhere on the other: said once.
 * @param {string} key
 * @param {Map<string, Piece>} own
 * @param {Map<string, Piece>} others
 */
function isTwin(key, own, others) {
  const front = key.replace("back ", "front ");
  return key.startsWith("back ") && own.has(front) && !others.has(front);
}

/**
 * Whether what stands on the front on one side of the comparison is on the back of the other: Google's details tell it too.
 * @param {string} key
 * @param {Map<string, Piece>} others
 */
function turned(key, others) {
  return key.startsWith("front ") && others.has(key.replace("front ", "back "));
}

/**
 * @param {Piece | undefined} one
 * @param {Piece} other
 */
function same(one, other) {
  return one?.text === other.text && one.place === other.place;
}

/**
 * @param {Side} before
 * @param {Side} after
 * @param {Record<string, string[]>} roles of pictures, by place: the first that was uploaded is shown
 */
function otherPictures(before, after, roles) {
  return Object.keys(roles).filter((name) => {
    const [old, now] = [before.pictures[name], after.pictures[name]];
    if (old === now) return false;
    const [was, is] = [upload(old, roles[name]), upload(now, roles[name])];
    return was === undefined || was !== is; // a drawn picture follows the colours
  });
}

/**
 * Where the card comes forward by itself, and what is said there.
 * @param {Side} before
 * @param {Side} after
 */
function otherStores(before, after) {
  const said = (/** @type {Side} */ side, /** @type {string} */ name) => JSON.stringify([...new Set(side.face.near.map((/** @type {any} */ one) => one[name]))].sort());
  if (said(before, "place") !== said(after, "place")) return ["near"];
  return said(before, "text") === said(after, "text") ? [] : ["near_words"];
}

/**
 * The uploaded picture behind this address, which holds the look.
 * @param {string | undefined} address
 * @param {string[]} roles
 * @returns {string | undefined}
 */
function upload(address, roles) {
  if (!address) return undefined;
  const { images } = JSON.parse(new URL(address, location.href).searchParams.get("look") ?? "{}");
  return roles.map((role) => images?.[role]).find(Boolean);
}

/**
 * `#rrggbb` as `rgb(r, g, b)`: what the page foresees and what the pass says are one colour.
 * @param {string} colour
 */
function rgb(colour) {
  const found = /^#(..)(..)(..)$/.exec(colour);
  return found ? `rgb(${found.slice(1).map((digits) => Number.parseInt(digits, 16)).join(", ")})` : colour;
}
