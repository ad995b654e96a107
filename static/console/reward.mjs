// @ts-check
// A reward's form: only what its kind needs is asked for. Without this script every field is there.

const kind = /** @type {HTMLSelectElement} */ (document.getElementById("kind"));

function follow() {
  for (const part of document.querySelectorAll("[data-kinds]")) {
    const kinds = (part.getAttribute("data-kinds") ?? "").split(" ");
    /** @type {HTMLElement} */ (part).hidden = !kinds.includes(kind.value);
  }
}

kind.addEventListener("change", follow);
follow();
