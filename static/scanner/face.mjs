/** What the customer may see, as plain data, and how it is put on a screen. */

/**
 * @typedef {object} Face
 * @property {"welcome" | "member" | "done" | "gift" | "saved" | "card" | "wait" | "phone"} kind
 * @property {string} title
 * @property {string} [figure] large
 * @property {string} [text]
 * @property {string} [code] a QR code as SVG
 * @property {string} [label] before the balance
 * @property {string} [balance]
 * @property {[have: number, target: number]} [meter]
 * @property {string} [next] what is missing, or what can be had
 * @property {boolean} [practice]
 * @property {string} [question] the id of what may be answered by a tap here
 */

/** Till and screen of one browser. */
export const CHANNEL = "comptoir-screen";

/**
 * @param {ParentNode} root holds one `.face`
 * @param {Face} face
 */
export function paint(root, face) {
  const place = root.querySelector(".face");
  if (!(place instanceof HTMLElement)) throw new Error("no face here");
  place.dataset.kind = face.kind;
  write(place, ".face__title", face.title);
  write(place, ".face__figure", face.figure);
  write(place, ".face__text", face.text);
  write(place, ".face__label", face.label);
  write(place, ".face__balance strong", face.balance);
  write(place, ".face__next", face.next);
  show(place, ".face__practice", face.practice === true);
  show(place, ".face__balance", Boolean(face.balance));
  show(place, ".face__foot", Boolean(face.balance ?? face.next));
  show(place, ".face__meter", face.meter !== undefined);
  show(place, ".face__answers", Boolean(face.question));
  place.dataset.question = face.question ?? "";
  const meter = place.querySelector("progress");
  if (meter && face.meter) [meter.value, meter.max] = face.meter;
  place.querySelector(".face__code")?.replaceChildren(...(face.code ? [picture(face.code, face.text ?? "")] : []));
}

/**
 * Hears the customer's taps on the face below `root`.
 * @param {ParentNode & EventTarget} root
 * @param {(question: string, answer: "yes" | "no") => void} onAnswer
 */
export function watchAnswers(root, onAnswer) {
  root.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-answer]") : null;
    const place = button?.closest(".face");
    if (!(button instanceof HTMLElement) || !(place instanceof HTMLElement)) return;
    const { question } = place.dataset;
    if (question) onAnswer(question, button.dataset.answer === "yes" ? "yes" : "no");
  });
}

/**
 * A QR code as a picture: nothing of it can run.
 * @param {string} svg
 * @param {string} words for who cannot see it
 */
export function picture(svg, words) {
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  image.alt = words;
  return image;
}

/**
 * @param {HTMLElement} place
 * @param {string} selector
 * @param {string} [text]
 */
function write(place, selector, text = "") {
  const target = place.querySelector(selector);
  if (target && target.textContent !== text) target.textContent = text;
}

/**
 * @param {HTMLElement} place
 * @param {string} selector
 * @param {boolean} isShown
 */
function show(place, selector, isShown) {
  const target = place.querySelector(selector);
  if (target instanceof HTMLElement) target.hidden = !isShown;
}
