/** Draws a loyalty card as Google Wallet on an Android phone does, from the class and the object. */
import { h } from "./dom.mjs";

/**
 * @typedef {{ label: string, value: string, at?: string }} Pair `at`: start, middle, end or centre of its row
 * @typedef {{ picture: string, alt: string, ends_at_ms: number | null }} Code
 * @typedef {{
 *   issuer: string, program: string, background: string, logo: string | null, hero: string | null,
 *   wide_logo: string | null, shimmers: boolean, screenshots: boolean,
 *   points: Pair[], rows: Pair[][], account: Pair[], barcode: Code | null,
 *   details: Pair[], links: { text: string, url: string }[], messages: Pair[], state: string,
 *   pictures?: Record<string, string>,
 * }} CardFace
 */

const DARK_INK = "#1f1f1f";
const LIGHT_INK = "#ffffff";
const MIDDLE_LUMINANCE = 0.36; // above it dark letters are easier to read

/**
 * @param {{ id: string, face: CardFace, updated_at: string }} card
 * @param {string} api where the pictures are
 * @param {Record<string, string>} words the phone's own
 * @param {Set<string>} changed labels of values to point out
 * @returns {HTMLElement}
 */
export function drawCard(card, api, words, changed) {
  const { face } = card;
  const root = h("div", { class: "gcard", "data-id": card.id, role: "group", "aria-label": face.program });
  root.style.setProperty("--gcard-background", face.background);
  root.style.setProperty("--gcard-ink", luminance(face.background) > MIDDLE_LUMINANCE ? DARK_INK : LIGHT_INK);
  root.append(h("div", { class: "gcard__turn" }, front(face, api, words, changed), back(face, words)));
  return root;
}

/**
 * @param {CardFace} face
 * @param {string} api
 * @param {Record<string, string>} words
 * @param {Set<string>} changed
 */
function front(face, api, words, changed) {
  const rows = face.rows.length > 0 ? face.rows : [face.points, face.account].filter((row) => row.length > 0);
  const dead = face.state && face.state.toUpperCase() !== "ACTIVE";
  const source = (/** @type {string} */ name) => face.pictures?.[name] ?? `${api}android/pictures/${name}`;
  return h(
    "div",
    { class: `gcard__side gcard__front${dead ? " is-dead" : ""}${face.shimmers && !dead ? " is-shimmering" : ""}` },
    h(
      "div",
      { class: "gcard__head" },
      // A wide logo takes the place of the round one and of the issuer's name.
      face.wide_logo && h("img", { class: "gcard__wide", src: source(face.wide_logo), alt: face.issuer }),
      !face.wide_logo && face.logo && h("img", { class: "gcard__logo", src: source(face.logo), alt: "" }),
      !face.wide_logo && h("span", { text: face.issuer }),
    ),
    h("p", { class: "gcard__program", text: face.program }),
    h("div", { class: "gcard__rows" }, ...rows.map((row) => drawRow(row, changed))),
    dead ? h("p", { class: "gcard__dead", text: words.expired }) : code(face.barcode),
    !dead && !face.screenshots && h("p", { class: "gcard__guard", text: words.guarded }),
    face.hero && h("img", { class: "gcard__hero", src: source(face.hero), alt: "" }),
  );
}

/**
 * @param {Pair[]} row
 * @param {Set<string>} changed
 */
function drawRow(row, changed) {
  const cells = row.map(({ label, value, at }) =>
    h(
      "div",
      { class: `gcard__cell${changed.has(label) ? " is-changed" : ""}`, "data-at": at ?? "" },
      h("dt", { text: label }),
      h("dd", { text: value }),
    ),
  );
  return h("dl", { class: "gcard__row" }, ...cells);
}

/** @param {CardFace["barcode"]} barcode */
function code(barcode) {
  if (!barcode) return null;
  return h(
    "figure",
    { class: "gcard__code", "data-ends-at": barcode.ends_at_ms ?? "" },
    h("img", { src: barcode.picture, alt: "QR" }),
    barcode.ends_at_ms !== null && h("span", { class: "gcard__clock", "aria-hidden": "true" }),
    barcode.alt && h("figcaption", { text: barcode.alt }),
  );
}

/**
 * A code that changes by itself: show each one for its time, as long as the card is drawn.
 * @param {HTMLElement} root the card
 * @param {() => Promise<Code | null>} next asks for the code of now
 */
export function keepTurning(root, next) {
  const figure = /** @type {HTMLElement | null} */ (root.querySelector(".gcard__code"));
  const endsAt = Number(figure?.dataset.endsAt);
  if (!figure || !endsAt) return;
  const left = Math.max(endsAt - Date.now(), 0);
  figure.style.setProperty("--gcard-code-left", `${left}ms`);
  setTimeout(async () => {
    if (!root.isConnected) return;
    const now = await next().catch(() => null);
    const fresh = now && code(now);
    if (fresh) figure.replaceWith(fresh);
    else figure.dataset.endsAt = String(Date.now() + 2000); // the simulators are away: ask again
    keepTurning(root, next);
  }, left + 50);
}

/**
 * @param {CardFace} face
 * @param {Record<string, string>} words
 */
function back(face, words) {
  const pairs = (/** @type {Pair[]} */ list) =>
    list.map(({ label, value }) => h("div", {}, h("dt", { text: label }), h("dd", { text: value })));
  const links = face.links.map(({ text, url }) =>
    h("li", {}, h("a", { href: url, rel: "noreferrer", target: "_blank", text })),
  );
  return h(
    "div",
    { class: "gcard__side gcard__back", "aria-hidden": "true", inert: true },
    h("p", { class: "gcard__back-title", text: words.details }),
    h("dl", { class: "gcard__details" }, ...pairs(face.account), ...pairs(face.details)),
    links.length > 0 && h("ul", { class: "gcard__links", role: "list" }, ...links),
    face.messages.length > 0 && h("p", { class: "gcard__back-title", text: words.messages }),
    h("dl", { class: "gcard__details" }, ...pairs(face.messages)),
  );
}

/**
 * The labels whose value is another one now.
 * @param {CardFace | undefined} before
 * @param {CardFace} after
 */
export function changedInCard(before, after) {
  const pairs = (/** @type {CardFace} */ face) => [face.points, face.account, face.rows.flat()].flat();
  const old = new Map((before ? pairs(before) : []).map(({ label, value }) => [label, value]));
  const other = pairs(after).filter(({ label, value }) => before && old.get(label) !== value);
  return new Set(other.map(({ label }) => label));
}

/**
 * Relative luminance (WCAG) of `#rgb` or `#rrggbb`, from 0 to 1.
 * @param {string} colour
 */
export function luminance(colour) {
  const digits = colour.slice(1);
  const long = digits.length === 3 ? [...digits].map((digit) => digit + digit).join("") : digits;
  const [red, green, blue] = [0, 2, 4].map((at) => {
    const value = Number.parseInt(long.slice(at, at + 2), 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
