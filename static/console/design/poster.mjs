/** The full-size look of iOS 27, as far as Apple has published it: its parts, not their measures. */
import { h } from "../../simulate/dom.mjs";

/**
 * @param {Record<string, any>} face
 * @param {Record<string, string>} texts
 */
export function drawPoster(face, texts) {
  const { poster, pictures, colours, barcode } = face;
  if (!poster) return h("p", { class: "fullcard__none", text: texts.no_poster });
  const fields = (/** @type {string} */ name) =>
    h("dl", { class: `fullcard__${name}` }, ...poster[name].map((/** @type {any} */ one) => h("div", {}, h("dt", { text: one.label }), h("dd", { text: one.value }))));
  const card = h(
    "div",
    { class: "fullcard", role: "group", "aria-label": face.description },
    h(
      "div",
      { class: "fullcard__art" },
      h("img", { class: "fullcard__picture", src: pictures.artwork, alt: "" }),
      h("div", { class: "fullcard__head" }, h("img", { class: "fullcard__logo", src: pictures.primary_logo, alt: "" }), fields("header")),
      fields("primary"),
    ),
    h(
      "div",
      { class: "fullcard__foot" },
      barcode && h("img", { class: "fullcard__code", src: barcode.picture, alt: "QR" }),
      pictures.secondary_logo && h("img", { class: "fullcard__second", src: pictures.secondary_logo, alt: "" }),
      fields("footer"),
    ),
  );
  for (const [name, colour] of Object.entries(colours)) card.style.setProperty(`--pass-${name}`, colour);
  const actions = poster.actions.map((/** @type {string} */ kind) => h("li", { text: texts[`action_${kind}`] }));
  return h("div", { class: "fullcard-all" }, card, actions.length > 0 && h("ul", { class: "fullcard__actions", role: "list" }, ...actions));
}
