/** A phone's log: one group for each thing that happened, its steps with the time they took. */
import { fill, h, size } from "./dom.mjs";

/**
 * @typedef {{ id: string, at: string, code: string, card: string, good: boolean, facts: Record<string, any> }} Line
 */

// What begins something; all other steps follow from it.
const FIRST = new Set(["installed", "push", "link_verified", "object_changed", "class_changed", "removed"]);
const PAUSE_MS = 5000; // a step this long after the last one begins a new group
const GROUPS_SHOWN = 12;

/**
 * @param {Line[]} lines oldest first
 * @param {Record<string, string>} sentences
 * @param {string} language
 * @returns {HTMLElement[]} newest group first
 */
export function drawLog(lines, sentences, language) {
  return groups(lines)
    .slice(-GROUPS_SHOWN)
    .reverse()
    .map((group) => drawGroup(group, sentences, language));
}

/**
 * Lines that belong together.
 * @param {Line[]} lines
 * @returns {Line[][]}
 */
export function groups(lines) {
  /** @type {Line[][]} */
  const found = [];
  for (const line of lines) {
    const last = found.at(-1)?.at(-1);
    const late = last && Date.parse(line.at) - Date.parse(last.at) > PAUSE_MS;
    if (!last || late || FIRST.has(line.code)) found.push([line]);
    else found.at(-1)?.push(line);
  }
  return found;
}

/**
 * @param {Line} line
 * @param {Record<string, string>} sentences
 * @param {string} language
 */
export function sentence(line, sentences, language) {
  const facts = { ...line.facts };
  if (typeof facts.bytes === "number") facts.size = size(facts.bytes, language);
  const retries = line.code === "failed" && facts.retry_seconds;
  return fill(sentences[retries ? "failed_retry" : line.code] ?? line.code, facts);
}

/**
 * @param {Line[]} group
 * @param {Record<string, string>} sentences
 * @param {string} language
 */
function drawGroup(group, sentences, language) {
  const start = Date.parse(group[0].at);
  const clock = new Intl.DateTimeFormat(language, { timeStyle: "medium" }).format(start);
  const steps = group.map((line, index) => {
    const taken = Date.parse(line.at) - start;
    const text = sentence(line, sentences, language);
    return h(
      "li",
      { class: `sim-step${line.good ? "" : " is-bad"}` },
      h("span", { class: "sim-step__text", text, title: line.good ? null : text }),
      index > 0 && h("span", { class: "sim-step__time figures", text: `+${taken} ms` }),
    );
  });
  return h(
    "section",
    { class: "sim-group" },
    h("p", { class: "sim-group__time figures", text: clock }),
    h("ol", { role: "list" }, ...steps),
  );
}
