// @ts-check
// A form with kinds: only what the chosen kind needs is asked for. Without this script every field is there.

const kind = /** @type {HTMLSelectElement | null} */ (document.getElementById("kind"));

function follow() {
  for (const part of document.querySelectorAll("[data-kinds]")) {
    const kinds = (part.getAttribute("data-kinds") ?? "").split(" ");
    /** @type {HTMLElement} */ (part).hidden = !kinds.includes(kind?.value ?? "");
  }
}

if (kind) {
  kind.addEventListener("change", follow);
  follow();
}
