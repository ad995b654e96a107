/** What is to mend, beside its cause: faults of the form and findings of both wallets' linter. */
import { h, part } from "../../simulate/dom.mjs";

/**
 * @typedef {{ code: string, section: string, wallet: string, blocks: boolean, sentence: string, fix: string, change: object | null }} Finding
 * @typedef {{ path: string, section: string, sentence: string }} Fault
 */

const WALLETS = /** @type {Record<string, string>} */ ({ apple: "Apple", google: "Google", card: "Apple + Google" });

/**
 * @param {HTMLElement} root the form
 * @param {Finding[]} findings
 * @param {Record<string, string>} texts
 * @param {(change: object) => void} mend
 */
export function showFindings(root, findings, texts, mend) {
  const all = part(document, "#findings");
  all.textContent = findings.length === 0 ? texts.perfect : "";
  all.hidden = findings.length > 0;
  for (const list of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-findings]"))) {
    const own = findings.filter((one) => one.section === list.dataset.findings);
    list.replaceChildren(...own.map((one) => line(one, texts, mend)));
    list.hidden = own.length === 0;
    const count = part(root, `[data-count="${list.dataset.findings}"]`);
    count.hidden = own.length === 0;
    count.textContent = String(own.length);
    count.classList.toggle("is-bad", own.some((one) => one.blocks));
  }
}

/**
 * @param {Finding} finding
 * @param {Record<string, string>} texts
 * @param {(change: object) => void} mend
 */
function line(finding, texts, mend) {
  const { change } = finding;
  return h(
    "li",
    { class: `designer-finding${finding.blocks ? " is-bad" : ""}`, "data-code": finding.code },
    h(
      "p",
      { class: "designer-finding__kind" },
      h("strong", { text: finding.blocks ? texts.proven : texts.hint }),
      h("span", { text: WALLETS[finding.wallet] ?? finding.wallet }),
    ),
    h("p", { text: `${finding.sentence} ${finding.fix}` }),
    change && h("button", { class: "button", type: "button", onclick: () => mend(change), text: texts.mend, "data-mend": finding.code }),
  );
}

/**
 * What the part of the form is called that holds this place of the document.
 * @param {HTMLElement} root
 * @param {string} path
 */
export function partName(root, path) {
  const [first] = path.split(".");
  const field = fieldOf(root, path) ?? root.querySelector(SECTIONS[first] ?? `[data-part="${first}"]`);
  return field?.closest("[data-part]")?.querySelector(".designer-part__title")?.textContent?.trim() ?? first;
}

const SECTIONS = /** @type {Record<string, string>} */ ({
  announce: "[data-part=news]",
  app: "[data-part=more]",
  barcodes: "[data-part=more]",
  google_rows: "[data-part=facts]",
  images: "[data-part=art]",
  images_by_language: "[data-part=more]",
  layout: "[data-part=facts]",
  may_be_shared: "[data-part=more]",
  near_stores: "[data-part=stores]",
  nfc: "[data-part=more]",
  poster: "[data-part=more]",
});

/** What was wrong already: nobody is taken away from where they type because of it. @type {Set<string>} */
let known = new Set();

/**
 * @param {HTMLElement} root
 * @param {Fault[]} faults
 */
export function showFaults(root, faults) {
  const before = known;
  known = new Set(faults.map((fault) => fault.path));
  for (const field of root.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  for (const said of root.querySelectorAll(".designer-fault")) said.remove();
  for (const fault of faults) {
    const field = fieldOf(root, fault.path);
    const said = h("p", { class: "field__error designer-fault", role: "alert", text: fault.sentence });
    if (field) {
      field.setAttribute("aria-invalid", "true");
      (field.closest(".field, .designer-colour, fieldset") ?? field).append(said);
    } else part(root, `[data-part="${fault.section}"] .designer-part__body`).append(said);
    if (before.has(fault.path)) continue;
    for (let folded = said.closest("details"); folded; folded = folded.parentElement?.closest("details") ?? null) folded.open = true;
  }
}

/**
 * @param {HTMLElement} root
 * @param {string} path as the server names it
 */
function fieldOf(root, path) {
  const steps = path.split(".");
  if (steps[0] === "back" && steps.length > 2) {
    const row = root.querySelector("#back")?.children[Number(steps[1])];
    return row?.querySelector(`[data-back="${steps.slice(2).join(".")}"]`) ?? row?.querySelector("[data-back]") ?? null;
  }
  for (const list of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-rows]"))) {
    const start = (list.dataset.rows ?? "").split(".");
    if (!start.every((step, place) => step === steps[place])) continue;
    const row = list.children[Number(steps[start.length])];
    const rest = steps.slice(start.length + 1).join(".");
    if (row) return row.querySelector(`[data-row="${CSS.escape(rest)}"]`) ?? row.querySelector("[data-row]");
  }
  for (let length = steps.length; length > 0; length -= 1) {
    const start = steps.slice(0, length).join(".");
    const found = root.querySelector(`[data-path="${CSS.escape(start).replace(/\\\./g, ".")}"]`) ?? root.querySelector(`[data-path^="${start}."]`);
    if (found) return found;
  }
  return null;
}
