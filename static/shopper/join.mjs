// @ts-check
// Joining: ask only for the consent that fits what is typed; keep what was typed when the language changes.

const KEEP = "comptoir-join";
const form = /** @type {HTMLFormElement} */ (document.getElementById("join"));
const contact = /** @type {HTMLInputElement} */ (form.elements.namedItem("contact"));

/** @param {string} purpose @param {boolean} fits */
function offer(purpose, fits) {
  const box = form.elements.namedItem(`consent_${purpose}`);
  if (!(box instanceof HTMLInputElement)) return;
  const row = box.closest("label");
  if (row) row.hidden = !fits;
  box.disabled = !fits;
}

function followContact() {
  const typed = contact.value.trim();
  const isEmail = typed.includes("@");
  const isPhone = !isEmail && /^[+(\d][\d\s().-]{4,}$/.test(typed);
  offer("email", !isPhone);
  offer("sms", !isEmail);
}

function keepForLanguageSwitch() {
  const kept = Object.fromEntries(
    [...new FormData(form)].filter(([name, value]) => name !== "csrf_token" && typeof value === "string"),
  );
  sessionStorage.setItem(KEEP, JSON.stringify(kept));
}

function restore() {
  const kept = sessionStorage.getItem(KEEP);
  sessionStorage.removeItem(KEEP);
  if (!kept || contact.value) return;
  for (const [name, value] of Object.entries(JSON.parse(kept))) {
    const field = form.elements.namedItem(name);
    if (!(field instanceof HTMLInputElement)) continue;
    if (field.type === "checkbox") field.checked = true;
    else field.value = String(value);
  }
}

for (const link of document.querySelectorAll(".language-switch a")) {
  link.addEventListener("click", keepForLanguageSwitch);
}
contact.addEventListener("input", followContact);
form.addEventListener("submit", () => {
  const button = form.querySelector("button[type=submit]");
  button?.setAttribute("aria-disabled", "true");
});
// Coming back with the browser's button finds the form usable again.
window.addEventListener("pageshow", () => {
  form.querySelector("button[type=submit]")?.removeAttribute("aria-disabled");
});
restore();
followContact();
const wrong = form.querySelector('[aria-invalid="true"]');
if (wrong instanceof HTMLElement) wrong.focus();
