/** The card designer: a form, two phones, and a draft that saves itself. */
import { fill, part } from "../../simulate/dom.mjs";
import { ask, latest, Refused } from "./api.mjs";
import { Cropper, RATIOS } from "./crop.mjs";
import { at, closed, merged, opened, put } from "./document.mjs";
import { partName, showFaults, showFindings } from "./findings.mjs";
import { artPath, Form } from "./form.mjs";
import { Preview } from "./preview.mjs";
import { Publisher } from "./publish.mjs";
import { equal, joined } from "./together.mjs";

const PREVIEW_MS = 0; // at once; what is typed while one answer is on its way is the next question
const FRAME_MS = 100; // a page that nobody sees draws no frames: then the question goes without
const FINDINGS_MS = 350; // once the hand rests
const SAVE_MS = 700;
const RETRY_MS = 4000;
const TOGETHER_MAX = 5; // savings of others that come between two of ours

/** @typedef {{ document: Record<string, any>, revision: number, saved_at: string | null, saved_by: string }} Draft */

const state = JSON.parse(part(document, "#design-state").textContent ?? "{}");
const texts = JSON.parse(part(document, "#design-texts").textContent ?? "{}");
const { urls, locales, language } = state;
const root = part(document, "#designer");
const said = part(document, "#state");
const preview = new Preview(part(document, "#stage"), texts, locales);
const cropper = new Cropper();
let draft = /** @type {Draft} */ (state.draft);
let sample = "regular";
let tier = /** @type {string} */ (/** @type {HTMLSelectElement | null} */ (document.querySelector("#tier"))?.value ?? "");
let isFaulty = false;

const form = new Form(/** @type {HTMLFormElement} */ (part(document, "#form")), opened(draft.document, locales), {
  texts,
  language,
  zone: state.zone,
  changed,
});

const showPreview = latest(async () => {
  const body = { document: closed(form.document, locales), sample, tier };
  const answer = await ask("POST", urls.preview, body).catch(failed);
  if (!answer) return;
  if (isFaulty || answer.faults) showFaults(form.root, answer.faults ?? []);
  isFaulty = Boolean(answer.faults);
  if (isFaulty) return say(texts.faulty, true);
  showPosterView();
  preview.show(answer, closed(form.document, locales));
  root.setAttribute("aria-busy", "false");
  root.dataset.drawn = String(Number(root.dataset.drawn ?? 0) + 1);
}, PREVIEW_MS);

/** The view of the full-size look, where the design has one. */
function showPosterView() {
  const button = part(document, "[data-view=poster]");
  button.hidden = !form.document.poster;
  if (button.hidden && preview.look.view === "poster") part(document, "[data-view=front]").click();
}

/** The findings that the page shows. */
let mending = "";

const showMending = latest(async () => {
  const answer = await ask("POST", urls.findings, { document: closed(form.document, locales) }).catch(() => null);
  const said = JSON.stringify(answer);
  if (!answer || said === mending) return;
  mending = said;
  if (answer.is_faulty) {
    part(document, "#findings").hidden = true; // what was found before may still hold; that all is well does not
    return;
  }
  showFindings(form.root, answer.findings, texts, mend);
  root.dataset.findings = String(answer.findings.length);
}, FINDINGS_MS);

const save = latest(async () => {
  if (isFaulty || choosing) return;
  try {
    await keep();
  } catch (error) {
    if (error instanceof Refused) return say(error.message, true);
    say(texts.away, true);
    setTimeout(save, RETRY_MS);
  }
}, SAVE_MS);

let kept = Promise.resolve();

/**
 * As the form would say it: what an older document says in another way is no change.
 * @param {Record<string, any>} document_
 */
function plain(document_) {
  return closed(opened(document_, locales), locales);
}

/** What is on its way to be saved. @type {Record<string, any> | null} */
let sending = null;

/** Save what is in the form, if it is not saved yet; one at a time, or the second would not know the first. */
function keep() {
  kept = kept.catch(() => undefined).then(async () => {
    for (let tries = TOGETHER_MAX; tries > 0; tries -= 1) {
      const document_ = closed(form.document, locales);
      if (draft.saved_at && equal(document_, draft.document)) return tries < TOGETHER_MAX ? tellSaved() : undefined;
      say(texts.saving);
      try {
        draft = await send(document_, draft.revision);
        return tellSaved();
      } catch (error) {
        if (!(error instanceof Refused) || error.code !== "draft_conflict" || !error.problem.draft) throw error;
        goTogether(error.problem.draft);
      }
    }
  });
  return kept;
}

/**
 * It arrives even if the page is left meanwhile.
 * @param {Record<string, any>} document_
 * @param {number} revision
 */
async function send(document_, revision) {
  sending = document_;
  try {
    return await ask("PUT", urls.save, { document: document_, revision }, true);
  } finally {
    sending = null;
  }
}

/** Who leaves before the hand rested loses nothing. */
function leave() {
  const document_ = closed(form.document, locales);
  if (isFaulty || choosing || equal(document_, sending ?? plain(draft.document))) return;
  const sent = send(document_, draft.revision + (sending ? 1 : 0)).then((saved) => {
    draft = saved; // the page may come back
  });
  // What is saved next waits for it, or it would take it for somebody else's.
  kept = Promise.allSettled([kept, sent]).then(() => undefined);
}

/** The draft of somebody else, where both changed the same; until one counts nothing is saved. @type {Draft | null} */
let choosing = null;

/**
 * Somebody else saved: what each of both changed goes on together.
 * @param {Draft} theirs
 */
function goTogether(theirs) {
  const { document: both, clashes } = joined(plain(draft.document), closed(form.document, locales), plain(theirs.document));
  const bar = part(document, "#clash");
  choosing = clashes.length > 0 ? theirs : null;
  bar.hidden = !choosing;
  const by = theirs.saved_by;
  if (choosing) {
    const names = [...new Set(clashes.map((path) => partName(form.root, path)))].join(", ");
    part(bar, "#clash-said").textContent = fill(texts.clash, { by, what: names });
    throw new Refused({ detail: texts.clash_wait }, 409);
  }
  takeOver(theirs, both);
  part(document, "#together").textContent = by ? fill(texts.together, { by }) : "";
}

/**
 * @param {Draft} theirs
 * @param {Record<string, any>} document_
 */
function takeOver(theirs, document_) {
  choosing = null;
  part(document, "#clash").hidden = true;
  draft = theirs;
  form.open(opened(document_, locales));
  changed();
}

/** @param {"mine" | "theirs"} whose */
function choose(whose) {
  if (!choosing) return;
  const { document: both } = joined(plain(draft.document), closed(form.document, locales), plain(choosing.document), whose);
  takeOver(choosing, both);
  say(texts.saving);
  part(document, "#publish").focus();
}

function changed() {
  part(document, "#together").textContent = "";
  preview.foresee(closed(form.document, locales));
  root.dataset.foreseen = String(Number(root.dataset.foreseen ?? 0) + 1);
  onceDrawn(showPreview);
  showMending();
  save();
}

/**
 * The frame with what is known already goes before the question about the rest.
 * @param {() => void} act
 */
function onceDrawn(act) {
  let isDone = false;
  const once = () => {
    if (!isDone) act();
    isDone = true;
  };
  setTimeout(once, FRAME_MS);
  requestAnimationFrame(() => setTimeout(once));
}

/** @param {unknown} error */
function failed(error) {
  say(error instanceof Refused ? error.message : texts.away, true);
  return null;
}

/**
 * @param {string} sentence
 * @param {boolean} [isBad]
 */
function say(sentence, isBad = false) {
  said.textContent = sentence;
  said.classList.toggle("is-bad", isBad);
}

function tellSaved() {
  const isLive = equal(draft.document, state.live);
  const time = draft.saved_at ? new Intl.DateTimeFormat(language, { timeStyle: "short" }).format(new Date(draft.saved_at)) : "";
  say(isLive || !time ? texts.unchanged : texts.saved.replace("%(time)s", time));
  part(document, "#discard").hidden = isLive;
  root.dataset.revision = String(draft.revision);
  root.dataset.changed = String(!isLive);
}

/** @param {object} change a merge patch */
function mend(change) {
  form.open(opened(merged(closed(form.document, locales), change), locales));
  changed();
}

// --- pictures

/** @param {HTMLInputElement} input */
async function upload(input) {
  const [file] = input.files ?? [];
  input.value = "";
  if (!file) return;
  const role = input.dataset.upload ?? "";
  const error = part(form.root, `[data-upload-error="${input.dataset.error ?? role}"]`);
  error.hidden = true;
  const crop = role in RATIOS ? await cropper.choose(file, role) : "";
  if (crop === null) return;
  say(texts.uploading);
  try {
    const kept = await ask("POST", crop ? `${urls.add_picture}?crop=${crop}` : urls.add_picture, file);
    put(form.document, artPath(input), kept.sha256);
    if (input.id === "file-logo") showSchemes(kept.schemes);
    form.fillArt();
    changed();
  } catch (problem) {
    error.textContent = problem instanceof Refused ? problem.message : texts.away;
    error.hidden = false;
    tellSaved();
  }
}

/** @param {HTMLElement} button */
function remove(button) {
  put(form.document, artPath(button), undefined);
  form.fillArt();
  changed();
}

/** @param {Record<string, string>[]} schemes */
function showSchemes(schemes) {
  const box = part(document, "#schemes");
  box.hidden = schemes.length === 0;
  part(box, ".designer-schemes").replaceChildren(...schemes.map(schemeButton));
  if (at(form.document, "images.logo")) /** @type {HTMLDetailsElement} */ (part(document, "#part-colours")).open = true;
}

/** @param {Record<string, string>} scheme */
function schemeButton(scheme) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "designer-scheme";
  button.setAttribute("aria-label", `${scheme.background} ${scheme.foreground} ${scheme.label}`);
  for (const [name, colour] of Object.entries(scheme)) {
    const spot = document.createElement("span");
    spot.style.setProperty("--spot", colour);
    spot.dataset.name = name;
    button.append(spot);
  }
  button.addEventListener("click", () => mend(scheme));
  return button;
}

// --- buttons

/**
 * One of a group is pressed.
 * @param {string} group
 * @param {string} name
 * @param {(value: string) => void} choose
 */
function segments(group, name, choose) {
  const buttons = [...part(document, group).querySelectorAll("button")];
  for (const button of buttons) {
    button.addEventListener("click", () => {
      for (const one of buttons) one.setAttribute("aria-pressed", String(one === button));
      choose(button.dataset[name] ?? "");
    });
  }
}

/**
 * @param {string} selector
 * @param {(isOn: boolean) => void} turn
 */
function toggle(selector, turn) {
  const button = part(document, selector);
  button.addEventListener("click", () => {
    const isOn = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(isOn));
    turn(isOn);
  });
}

/** What a part of the form is about, where that is not on the front. */
const VIEWS = /** @type {Record<string, string>} */ ({ back: "back", news: "lock", stores: "lock" });

/** The phones turn to what somebody opens, and back; to a status whose own look somebody chooses. */
function follow() {
  let turned = "";
  const open = (/** @type {Event} */ event) => {
    const section = event.target;
    if (!(section instanceof HTMLDetailsElement) || !section.open || !section.dataset.part) return;
    const view = VIEWS[section.dataset.part] ?? "front";
    if (view === "front" && preview.look.view !== turned) return;
    turned = view;
    if (preview.look.view !== view) part(document, `#views [data-view=${view}]`).click();
  };
  form.root.addEventListener("toggle", open, true); // it does not bubble
  form.root.addEventListener("focusin", (event) => {
    const status = event.target instanceof Element ? event.target.closest("[data-tier]") : null;
    if (status instanceof HTMLElement) showTier(status.dataset.tier ?? "");
  });
}

/** @param {string} key of a status */
function showTier(key) {
  const select = /** @type {HTMLSelectElement | null} */ (document.querySelector("#tier"));
  if (!select || select.value === key) return;
  select.value = key;
  select.dispatchEvent(new Event("change"));
}

const pattern = /** @type {HTMLSelectElement} */ (part(document, "#d-pattern"));
pattern.addEventListener("focus", () => {
  const now = closed(form.document, locales);
  void preview.warm([...pattern.options].map(({ value }) => ({ ...now, pattern: value })));
});
segments("#views", "view", (view) => preview.turn({ view }));
segments("#phone-languages", "speak", (code) => preview.turn({ language: code }));
segments("#samples", "sample", (key) => {
  sample = key;
  showPreview();
});
toggle("#dark", (dark) => preview.turn({ dark }));
toggle("#small", (small) => preview.turn({ small }));
part(document, "#clash-mine").addEventListener("click", () => choose("mine"));
part(document, "#clash-theirs").addEventListener("click", () => choose("theirs"));
addEventListener("pagehide", leave);
document.addEventListener("visibilitychange", () => document.hidden && leave());
addEventListener("beforeunload", (event) => {
  // What cannot be saved by itself is not left without a word.
  if ((isFaulty || choosing) && !equal(closed(form.document, locales), plain(draft.document))) event.preventDefault();
});
toggle("#whole", (isWhole) => {
  preview.stage.classList.toggle("is-whole", isWhole);
  if (isWhole) requestAnimationFrame(() => preview.stage.scrollIntoView({ block: "start" })); // once it has its height
});
follow();
document.querySelector("#tier")?.addEventListener("change", (event) => {
  tier = /** @type {HTMLSelectElement} */ (event.target).value;
  showPreview();
});
form.root.addEventListener("change", (event) => {
  if (event.target instanceof HTMLInputElement && event.target.type === "file") void upload(event.target);
});
form.root.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (button?.dataset.remove) remove(button);
  if (button?.dataset.starter) {
    const { layout, back, ...rest } = state.starters[button.dataset.starter];
    form.open(opened({ ...closed(form.document, locales), ...structuredClone({ layout, back, ...rest }), tiers: {} }, locales));
    changed();
  }
});
part(document, "#discard").addEventListener("click", async () => {
  if (!confirm(texts.drop)) return;
  const fresh = await ask("POST", urls.discard).catch(failed);
  if (!fresh) return;
  draft = fresh;
  form.open(opened(draft.document, locales));
  tellSaved();
  showPreview();
  showMending();
});
for (const starter of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-starter]"))) {
  starter.style.setProperty("--starter", starter.dataset.background ?? "");
  starter.style.setProperty("--starter-ink", starter.dataset.ink ?? "");
}

const publisher = new Publisher({
  urls,
  texts,
  member: () => ({ sample, tier }),
  language: () => preview.look.language,
  live: () => state.live,
  draft: () => closed(form.document, locales),
  revision: () => draft.revision,
  settle,
  published,
  say: (sentence) => say(sentence, true),
});

/** Whatever was typed is saved before it is published. */
async function settle() {
  if (isFaulty) throw new Refused({ detail: texts.faulty }, 0);
  if (choosing) throw new Refused({ detail: texts.clash_wait }, 0);
  await keep();
}

/** @param {boolean} isForAll */
async function published(isForAll) {
  if (isForAll) location.reload();
}


const first = locales.includes(language) ? language : locales[0];
part(document, `[data-speak="${first}"]`).setAttribute("aria-pressed", "true");
preview.turn({ language: first });
form.fill();
tellSaved();
showPreview();
showMending();
void publisher.follow();
