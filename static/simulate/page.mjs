/** The page of the simulated phones: asks what changed and puts cards on them. */
import { changedInCard, drawCard, keepTurning } from "./card.mjs";
import { fill, part } from "./dom.mjs";
import { changedInPass, drawPass } from "./pass.mjs";
import { Phone } from "./phone.mjs";

const ASK_MS = 300; // three questions a second: a change is seen as it happens
const ASK_DOWN_MS = 2000; // while the simulators do not answer
const KINDS = {
  iphone: { draw: drawPass, changed: changedInPass },
  android: { draw: drawCard, changed: changedInCard, turning: keepTurning },
};

const { api = "", language = "en" } = part(document, "#simulate").dataset;
const texts = JSON.parse(part(document, "#texts").textContent ?? "{}");
const form = /** @type {HTMLFormElement} */ (part(document, "#add-form"));
const mood = /** @type {HTMLSelectElement} */ (part(document, "#google-mood"));
const status = part(document, "#status");
const down = part(document, "#down");
let version = 0;

/**
 * Press a button of a phone.
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 */
async function send(method, path, body) {
  const headers = { "Content-Type": "application/json", "X-Comptoir-Simulator": "1" };
  const answer = await fetch(api + path, { method, headers, body: body ? JSON.stringify(body) : null });
  if (!answer.ok && path !== "add") say(texts.page.failed, false);
  return answer;
}

const page = { api, language, texts, send };
const phones = [
  new Phone(part(document, '[data-phone="iphone"]'), KINDS.iphone, page),
  new Phone(part(document, '[data-phone="android"]'), KINDS.android, page),
];

/**
 * @param {string} sentence
 * @param {boolean} good
 */
function say(sentence, good) {
  status.textContent = sentence;
  status.classList.toggle("is-bad", !good);
}

/** @param {string} card */
async function add(card) {
  say(texts.page.adding, true);
  let answer;
  try {
    await Promise.all(phones.filter((phone) => phone.isUntouched).map((phone) => phone.speak(language)));
    answer = await send("POST", "add", { card });
  } catch {
    say(texts.page.failed, false);
    return;
  }
  const result = await answer.json().catch(() => ({}));
  if (result.code === "bad_card") say(texts.page.bad_card, false);
  else if (!result.iphone) say(result.detail ?? texts.page.failed, false);
  else told(result);
}

/** @param {Record<string, { id?: string, problem?: string }>} result */
function told(result) {
  const { iphone, android } = result;
  const problem = iphone.problem ?? android.problem;
  if (!problem) {
    say(texts.page.added, true);
    form.reset();
  } else if (iphone.id || android.id) say(fill(texts.page.added_one, { problem }), false);
  else say(fill(texts.page.not_added, { problem }), false);
}

/** Ask for what changed. */
async function ask() {
  if (document.hidden) return ASK_MS;
  try {
    const answer = await fetch(`${api}state?since=${version}`);
    down.hidden = answer.ok;
    if (!answer.ok) return ASK_DOWN_MS;
    if (answer.status === 204) return ASK_MS;
    const state = await answer.json();
    version = state.version;
    for (const phone of phones) phone.show(state[phone.name]);
    if (document.activeElement !== mood) mood.value = state.google.mood;
    document.querySelector("#no-card")?.toggleAttribute("hidden", phones.some((phone) => !phone.isEmpty));
    return ASK_MS;
  } catch {
    down.hidden = false;
    return ASK_DOWN_MS;
  }
}

async function keepAsking() {
  const wait = await ask();
  setTimeout(keepAsking, wait);
}

mood.addEventListener("change", () => void send("POST", "google/mood", { mood: mood.value }));
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void add(new FormData(form).get("card")?.toString() ?? "");
});
document.addEventListener("visibilitychange", () => void ask());

await keepAsking();
const { card } = form.dataset;
if (card) {
  await add(card);
  history.replaceState(null, "", location.pathname); // a reload does not add it once more
}
