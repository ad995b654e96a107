/** The till's page: its parts by id, its texts, its icons. */

/**
 * @typedef {object} TillData what the server puts into the page
 * @property {string} locale BCP 47
 * @property {{code: string, digits: number}} currency
 * @property {string} api address of the till's API
 * @property {string} sign_in address
 * @property {string} release of the page and all it loads
 * @property {string} worker address of the service worker
 * @property {string[]} offline addresses that a start without a connection needs besides those the page loads at once
 * @property {string | null} staff id of who works here now; null: nobody said so
 * @property {string | null} paired id of the till that this browser is, where it was paired
 * @property {string} pair address where a code pairs it
 * @property {number | null} lock_seconds without a touch until a paired till asks who is there
 * @property {number} pin_length_max
 * @property {string | null} store id of where this till stands
 * @property {Record<string, Record<string, string>>} units by unit and plural category: {"points": {"one": "point", "other": "points"}}
 * @property {string} unit the unit that balances are shown in
 * @property {string} program name
 * @property {boolean} practice nothing counts
 * @property {string} screen address of the customer's screen
 * @property {number} screens how many devices of their own show what this till shows
 * @property {number} hold_minutes how long a till may hold points to give a reward without a connection; 0: it may not
 * @property {number[]} quick amounts under one key, in minor units
 * @property {{category: string, sku: string, name: string, by_amount: boolean}[]} shelf articles that earn in their own way
 * @property {{unit: string, quantity: number} | null} visit what coming gives, where no amount is needed
 * @property {Record<string, string>} consents sentence by purpose
 * @property {Record<string, string>} texts
 */

/** @type {TillData} */
export const data = JSON.parse(part("till-data").textContent ?? "");

/** @type {import("./amount.mjs").Currency} */
export const currency = { ...data.currency, locale: data.locale };

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function part(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no part ${id} in the page`);
  return found;
}

/**
 * A part that is a certain kind of element.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function partOf(id, kind) {
  const found = part(id);
  if (!(found instanceof kind)) throw new Error(`part ${id} is no ${kind.name}`);
  return found;
}

/**
 * A copy of the first element in a template.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function copyOf(id) {
  const copy = partOf(id, HTMLTemplateElement).content.firstElementChild?.cloneNode(true);
  if (!(copy instanceof HTMLElement)) throw new Error(`template ${id} is empty`);
  return copy;
}

/**
 * The text of a key, its `{names}` filled in.
 * @param {string} key
 * @param {Record<string, string>} [values]
 */
export function say(key, values = {}) {
  const text = data.texts[key];
  if (text === undefined) throw new Error(`no text ${key}`);
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** @param {string} key */
export function hasText(key) {
  return key in data.texts;
}

const numbers = new Intl.NumberFormat(data.locale);
const plurals = new Intl.PluralRules(data.locale);

/** @param {number} number */
export function figure(number) {
  return numbers.format(number);
}

/**
 * The word of a unit for a number: "point" or "points".
 * @param {number} number
 * @param {string} [unit]
 */
export function unitWord(number, unit = data.unit) {
  const words = data.units[unit] ?? {};
  return words[plurals.select(Math.abs(number))] ?? words["other"] ?? unit;
}

/**
 * "12 points".
 * @param {number} number
 * @param {string} [unit]
 */
export function count(number, unit = data.unit) {
  return `${figure(number)}\u00a0${unitWord(number, unit)}`;
}

const lists = new Intl.ListFormat(data.locale, { type: "conjunction" });

/**
 * "12 points and 1 stamp".
 * @param {{unit: string, quantity: number}[]} changes
 * @param {boolean} [withSign] "+12 points"
 */
export function counts(changes, withSign = false) {
  return lists.format(
    changes.map(({ unit, quantity }) => {
      const sign = quantity < 0 ? "\u2212" : "+";
      return (withSign ? sign : "") + count(Math.abs(quantity), unit);
    }),
  );
}

const clock = new Intl.DateTimeFormat(data.locale, { timeStyle: "short" });
const days = new Intl.RelativeTimeFormat(data.locale, { numeric: "auto" });
const dates = new Intl.DateTimeFormat(data.locale, { day: "numeric", month: "long", year: "numeric" });
const DAY_MS = 86_400_000;
const RELATIVE_DAYS_MAX = 30; // after a month "43 days ago" says less than the date

const shortDates = new Intl.DateTimeFormat(data.locale, { day: "numeric", month: "short" });

/**
 * "31 Mar".
 * @param {string} at RFC 3339
 */
export function shortDay(at) {
  return shortDates.format(new Date(at));
}

/** @param {string | number | Date} at */
export function timeText(at) {
  return clock.format(new Date(at));
}

/**
 * "today", "yesterday", "3 days ago", then the date.
 * @param {string} at RFC 3339
 */
export function dayText(at) {
  const then = new Date(at);
  const midnight = new Date();
  midnight.setHours(0, 0, 0, 0);
  const ago = Math.ceil((midnight.getTime() - then.getTime()) / DAY_MS);
  return ago <= RELATIVE_DAYS_MAX ? days.format(-Math.max(ago, 0), "day") : dates.format(then);
}

/**
 * Shows one of the page's icons in an icon element.
 * @param {Element} holder contains one `svg.icon`
 * @param {string} name
 */
export function setIcon(holder, name) {
  const use = holder.querySelector("svg.icon use");
  if (use) use.setAttribute("href", (use.getAttribute("href") ?? "").replace(/#.*$/, `#${name}`));
}
