// @ts-check
// Sign-in: show the password on demand, fill in a demo account.

const form = /** @type {HTMLFormElement} */ (document.getElementById("sign-in"));
const email = /** @type {HTMLInputElement} */ (form.elements.namedItem("email"));
const password = /** @type {HTMLInputElement} */ (form.elements.namedItem("password"));
const show = /** @type {HTMLButtonElement} */ (document.getElementById("show-password"));

show.hidden = false;
show.addEventListener("click", () => {
  const isShown = password.type === "text";
  password.type = isShown ? "password" : "text";
  show.setAttribute("aria-pressed", String(!isShown));
});

for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".demo-account"))) {
  button.addEventListener("click", () => {
    email.value = button.dataset.email ?? "";
    password.value = button.dataset.password ?? "";
    /** @type {HTMLElement | null} */ (form.querySelector("button[type=submit]"))?.focus();
  });
}
