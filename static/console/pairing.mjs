// @ts-check
// The page that shows a till's code: it goes on as soon as the device has come.

const POLL_MS = 2000;
const place = /** @type {HTMLElement | null} */ (document.querySelector("[data-till]"));

async function look() {
  if (!place) return;
  try {
    const answer = await fetch(place.dataset.till ?? "", { headers: { Accept: "application/json" }, cache: "no-store" });
    const { state, waits } = await answer.json();
    if (!waits && state === "paired") return location.assign(place.dataset.done ?? "");
    if (!waits) return;
  } catch {
    // A lost answer: the next one tells.
  }
  setTimeout(look, POLL_MS);
}

void look();
