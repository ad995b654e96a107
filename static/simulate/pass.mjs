/** Draws a store card as Wallet on an iPhone does. Only what the pass holds is drawn. */
import { h } from "./dom.mjs";

/**
 * @typedef {{ key: string, label: string, value: string, links: { text: string, url: string }[] }} Field
 * @typedef {{
 *   organization: string, description: string, logo_text: string,
 *   colours: Record<string, string>, images: Record<string, string | null>,
 *   header: Field[], primary: Field[], secondary: Field[], auxiliary: Field[], back: Field[],
 *   barcode: { picture: string, alt: string } | null, voided: boolean, expired: boolean,
 *   pictures?: Record<string, string>,
 * }} PassFace
 */

const TIGHT_CHARACTERS = 26; // of a row's values; beyond it Wallet takes smaller letters
const ROLES = /** @type {const} */ (["background", "foreground", "label"]);

/**
 * @param {{ id: string, face: PassFace, updated_at: string }} card
 * @param {string} api where the pictures are, if the face does not say it
 * @param {Record<string, string>} words the phone's own
 * @param {Set<string>} changed keys of fields to point out
 * @returns {HTMLElement}
 */
export function drawPass(card, api, words, changed) {
  const { face } = card;
  const pass = h("div", { class: "pass", "data-id": card.id, "aria-label": face.description, role: "group" });
  for (const role of ROLES) pass.style.setProperty(`--pass-${role}`, face.colours[role]);
  pass.append(
    h("div", { class: "pass__turn" }, front(card, api, words, changed), back(face, words)),
  );
  return pass;
}

/**
 * @param {{ id: string, face: PassFace }} card
 * @param {string} api
 * @param {Record<string, string>} words
 * @param {Set<string>} changed
 */
function front({ id, face }, api, words, changed) {
  const picture = (/** @type {string} */ role) => {
    const digest = face.images[role];
    const source = face.pictures?.[role] ?? `${api}iphone/cards/${encodeURIComponent(id)}/${role}.png?v=${digest}`;
    return digest && h("img", { class: `pass__${role}`, src: source, alt: "" });
  };
  const strip = h("div", { class: "pass__band" }, picture("strip"), group("primary", face.primary, changed));
  const below = [...face.secondary, ...face.auxiliary];
  const dead = face.voided ? words.voided : face.expired ? words.expired : "";
  return h(
    "div",
    { class: `pass__side pass__front${dead ? " is-dead" : ""}` },
    h(
      "div",
      { class: "pass__head" },
      picture("logo"),
      h("span", { class: "pass__logo-text", text: face.logo_text }),
      group("header", face.header, changed),
    ),
    face.images.strip || face.primary.length > 0 ? strip : null,
    group("below", below, changed),
    dead && h("p", { class: "pass__dead", text: dead }),
    code(face.barcode),
  );
}

/** @param {PassFace["barcode"]} barcode */
function code(barcode) {
  if (!barcode) return null;
  return h(
    "figure",
    { class: "pass__code" },
    h("img", { src: barcode.picture, alt: "QR" }),
    barcode.alt && h("figcaption", { text: barcode.alt }),
  );
}

/**
 * @param {string} name
 * @param {Field[]} fields
 * @param {Set<string>} changed
 */
function group(name, fields, changed) {
  if (fields.length === 0) return null;
  const items = fields.map((field) =>
    h(
      "div",
      { class: `pass__field${changed.has(field.key) ? " is-changed" : ""}` },
      h("dt", { text: field.label }),
      h("dd", { text: field.value }),
    ),
  );
  const letters = fields.reduce((sum, field) => sum + field.value.length, 0);
  const tight = letters > TIGHT_CHARACTERS ? " is-tight" : "";
  return h("dl", { class: `pass__group pass__group--${name}${tight}` }, ...items);
}

/**
 * @param {PassFace} face
 * @param {Record<string, string>} words
 */
function back(face, words) {
  const items = face.back.map((field) =>
    h("div", {}, h("dt", { text: field.label }), h("dd", {}, ...linked(field))),
  );
  return h(
    "div",
    { class: "pass__side pass__back", "aria-hidden": "true", inert: true },
    h("p", { class: "pass__back-title", text: face.organization }),
    words.switches && h("div", { class: "pass__switches" }, ...words.switches.split("|").map((text) => h("p", { text }))),
    h("dl", { class: "pass__back-fields" }, ...items),
  );
}

/** @param {Field} field */
function linked(field) {
  const [link] = field.links;
  if (!link) return [document.createTextNode(field.value)];
  const [before, after] = field.value.split(link.text, 2);
  const anchor = h("a", { href: link.url, rel: "noreferrer", target: "_blank", text: link.text });
  return [document.createTextNode(before ?? ""), anchor, document.createTextNode(after ?? "")];
}

/**
 * The fields of two faces that say something else.
 * @param {PassFace | undefined} before
 * @param {PassFace} after
 */
export function changedInPass(before, after) {
  const values = (/** @type {PassFace} */ face) =>
    [face.header, face.primary, face.secondary, face.auxiliary].flat().map((f) => [f.key, f.value]);
  const old = new Map(/** @type {[string, string][]} */ (before ? values(before) : []));
  return new Set(
    values(after)
      .filter(([key, value]) => before && old.get(String(key)) !== value)
      .map(([key]) => String(key)),
  );
}
