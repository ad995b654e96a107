/** A notification as the phones show it, sliding in or on the lock screen. */
import { h } from "./dom.mjs";

/** @typedef {{ id: string, at: string, card: string, title: string, text: string }} Notification */

const NOW_MS = 60_000; // so long a notification is from "now"

/**
 * @param {Notification} notification
 * @param {any} face the card's, while it is on the phone
 * @param {string} api where the pictures are
 * @param {Record<string, string>} words the phone's own
 * @param {string} language the phone's
 */
export function drawBubble({ title, text, at, card }, face, api, words, language) {
  const moment = Date.parse(at);
  const clock = new Intl.DateTimeFormat(language, { timeStyle: "short" });
  const time = Date.now() - moment < NOW_MS ? words.now : clock.format(moment);
  const source = icon(card, face, api);
  return h(
    "div",
    { class: "bubble" },
    source ? h("img", { class: "bubble__icon", src: source, alt: "" }) : h("span", { class: "bubble__icon" }),
    h(
      "div",
      { class: "bubble__body" },
      h("p", { class: "bubble__title" }, h("span", { text: title }), h("time", { text: time })),
      h("p", { class: "bubble__text", text }),
    ),
  );
}

/**
 * The pass's own icon, or the logo that Google has.
 * @param {string} card
 * @param {any} face
 * @param {string} api
 */
function icon(card, face, api) {
  if (face?.pictures) return face.pictures[face.images ? "icon" : "google_logo"];
  if (face?.images) return `${api}iphone/cards/${encodeURIComponent(card)}/icon.png?v=${face.images.icon}`;
  return face?.logo ? `${api}android/pictures/${face.logo}` : "";
}
