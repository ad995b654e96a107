// @ts-check
// The open web card: keeps the screen on, follows the balance, stays useful without a network.

const card = /** @type {HTMLElement} */ (document.getElementById("card"));
const offline = /** @type {HTMLElement} */ (document.getElementById("offline"));
const oldCode = /** @type {HTMLElement} */ (document.getElementById("old-code"));
const news = /** @type {HTMLElement} */ (document.getElementById("news"));
const POLL_MS = Number(card.dataset.pollSeconds) * 1000;
const ANSWER_MS_MAX = 8000; // a phone network that takes longer counts as none
const MISSES_SHOWN = 2; // one lost answer is no news
const COUNT_MS = 700;
const CODE_AGAIN_MS = 3000; // after a code that could not be fetched

let missed = 0;
let version = card.dataset.version ?? "";
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** @type {WakeLockSentinel | undefined} */
let lock;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let codeTimer;

async function stayAwake() {
  if (document.visibilityState !== "visible" || !("wakeLock" in navigator)) return;
  if (lock && !lock.released) return;
  try {
    lock = await navigator.wakeLock.request("screen");
  } catch {
    // Low battery or an old browser: the card works without it.
  }
}

/** @param {string} url @param {Record<string, string>} headers */
async function ask(url, headers) {
  return fetch(url, {
    headers,
    cache: "no-store",
    credentials: "same-origin",
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  });
}

async function follow() {
  clearTimeout(timer);
  if (document.visibilityState !== "visible") return;
  try {
    const answer = await ask(card.dataset.state ?? "", {
      Accept: "application/json",
      "If-None-Match": `"${version}"`,
    });
    missed = 0;
    offline.hidden = true;
    if (answer.status === 200) {
      const state = await answer.json();
      if (state.version !== version) await redraw(state);
    }
  } catch {
    missed += 1;
    offline.hidden = navigator.onLine && missed < MISSES_SHOWN;
  }
  timer = setTimeout(follow, POLL_MS);
}

/** @param {{version: string, announcement: string}} state */
async function redraw(state) {
  const answer = await ask(location.href, { Accept: "text/html" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const before = numberOnCard();
  for (const part of card.querySelectorAll("[data-live]")) {
    const fresh = page.querySelector(`[data-live="${part.getAttribute("data-live")}"]`);
    if (fresh) part.replaceWith(document.adoptNode(fresh));
  }
  version = state.version;
  watchCode();
  if (before !== numberOnCard()) {
    news.textContent = state.announcement;
    count(before, numberOnCard());
  }
}

/** The code that changes: the next one is fetched when the one on the card is over. */
function watchCode() {
  clearTimeout(codeTimer);
  const place = /** @type {HTMLElement | null} */ (card.querySelector("[data-code]"));
  if (!place) return;
  const seconds = Number(place.dataset.secondsLeft);
  place.style.setProperty("--code-seconds", `${seconds}s`);
  codeTimer = setTimeout(() => void turnCode(place), seconds * 1000);
}

/** @param {HTMLElement} place */
async function turnCode(place) {
  clearTimeout(codeTimer);
  if (document.visibilityState !== "visible" || !place.isConnected) return;
  try {
    const answer = await ask(place.dataset.code ?? "", { Accept: "application/json" });
    if (!answer.ok) throw new Error(String(answer.status));
    const { svg, seconds_left: left } = await answer.json();
    const fresh = new DOMParser().parseFromString(svg, "text/html").querySelector("svg");
    if (!fresh || !place.isConnected) return;
    place.querySelector("svg")?.replaceWith(document.adoptNode(fresh));
    const clock = place.querySelector(".code__clock");
    clock?.replaceWith(clock.cloneNode()); // its animation begins anew
    place.dataset.secondsLeft = String(left);
    showCodeAge(place, false);
    if (left > 0) watchCode();
  } catch {
    showCodeAge(place, true);
    codeTimer = setTimeout(() => void turnCode(place), CODE_AGAIN_MS);
  }
}

/** @param {HTMLElement} place @param {boolean} isOld */
function showCodeAge(place, isOld) {
  place.classList.toggle("is-old", isOld);
  oldCode.hidden = !isOld;
}

function balance() {
  return /** @type {HTMLElement | null} */ (card.querySelector("[data-number]"));
}

function numberOnCard() {
  return Number(balance()?.dataset.number ?? 0);
}

/** @param {number} from @param {number} to */
function count(from, to) {
  const place = balance();
  if (!place) return;
  place.classList.add("is-new");
  const final = place.textContent ?? "";
  const isPlain = /^[\d\s.,\u202f\u00a0-]+$/.test(final);
  if (!isPlain || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const words = new Intl.NumberFormat(document.documentElement.lang);
  const start = performance.now();
  /** @param {number} at */
  const step = (at) => {
    const share = Math.min((at - start) / COUNT_MS, 1);
    const eased = 1 - (1 - share) ** 3;
    place.textContent = share < 1 ? words.format(Math.round(from + (to - from) * eased)) : final;
    if (share < 1) requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}

/** One tap: the phone's own share sheet, else the link goes to the clipboard. @param {HTMLElement} button */
async function share(button) {
  const url = button.dataset.share ?? "";
  const text = button.dataset.shareText ?? "";
  try {
    if (navigator.share) {
      await navigator.share({ text, url });
    } else {
      await navigator.clipboard.writeText(url);
      news.textContent = button.dataset.shared ?? "";
      const words = button.querySelector("span");
      if (words) words.textContent = button.dataset.shared ?? "";
    }
  } catch {
    // The sheet was closed, or copying is not allowed: the link stands above the button.
  }
}

for (const button of card.querySelectorAll("[data-share]")) {
  button.addEventListener("click", () => void share(/** @type {HTMLElement} */ (button)));
}

/** The phone slept, or the network is back: the code on the card may be over. */
function renewCode() {
  const place = /** @type {HTMLElement | null} */ (card.querySelector("[data-code]"));
  if (place) void turnCode(place);
}

document.addEventListener("visibilitychange", () => {
  void stayAwake();
  void follow();
  renewCode();
});
addEventListener("online", () => {
  void follow();
  renewCode();
});
addEventListener("offline", () => {
  offline.hidden = false;
});
// iOS grants the wake lock only after a touch.
document.addEventListener("pointerdown", () => void stayAwake(), { once: true });
void stayAwake();
timer = setTimeout(follow, POLL_MS);
watchCode();
