/**
 * Amounts of money as a cashier types them: integers in minor units in, text out.
 * Two ways in: free text ("12,50", "1 234.56 €") and a keypad whose digits push the cents to the left.
 */

export const MINOR_DIGITS_MAX = 9; // 9 999 999.99: more is a slip of the finger, and the server has its own limit

/**
 * @typedef {object} Currency
 * @property {string} code ISO 4217
 * @property {number} digits decimals of its minor unit: 2 for EUR, 0 for JPY
 * @property {string} locale BCP 47, decides the decimal sign
 */

/**
 * The decimal sign of a locale.
 * @param {string} locale
 */
export function decimalSign(locale) {
  const parts = new Intl.NumberFormat(locale).formatToParts(1.5);
  return parts.find((part) => part.type === "decimal")?.value ?? ".";
}

/**
 * The sign between thousands in a locale.
 * @param {string} locale
 */
function groupSign(locale) {
  const parts = new Intl.NumberFormat(locale).formatToParts(1_000_000);
  return parts.find((part) => part.type === "group")?.value ?? "";
}

/**
 * Minor units of a typed amount, or null when it is none or could be read in two ways.
 * The last separator is the decimal sign if no more digits follow it than the currency has decimals;
 * three digits after a lone separator are thousands only where the locale writes thousands so: "12.345" typed
 * in France is a slip of the finger, and would be a sale of twelve thousand euros.
 * @param {string} text
 * @param {Currency} currency
 * @returns {number | null}
 */
export function parseAmount(text, currency) {
  const bare = text.replace(/[\s'’]/gu, "").replace(/^(\p{Sc}|[A-Za-z]{3})|(\p{Sc}|[A-Za-z]{3})$/gu, "");
  if (!/^\d[\d.,]*$|^[.,]\d+$/.test(bare)) return null;
  const at = Math.max(bare.lastIndexOf("."), bare.lastIndexOf(","));
  if (at < 0) return minor(bare, "", currency.digits);
  const tail = bare.slice(at + 1);
  const isDecimal = tail.length <= currency.digits && currency.digits > 0;
  if (isDecimal) return minor(bare.slice(0, at), tail, currency.digits);
  const sign = bare[at];
  const isLone = bare.indexOf(sign) === at && !/[.,]/.test(bare.slice(0, at));
  if (isLone && sign !== groupSign(currency.locale)) return null;
  return minor(bare, "", currency.digits);
}

/**
 * @param {string} whole digits, perhaps grouped by threes
 * @param {string} tail decimals, at most `digits` of them
 * @param {number} digits
 * @returns {number | null}
 */
function minor(whole, tail, digits) {
  const isGrouped = /^\d{1,3}([.,])\d{3}(\1\d{3})*$/.test(whole);
  if (/[.,]/.test(whole) && !isGrouped) return null;
  const joined = (whole.replace(/[.,]/g, "") + tail.padEnd(digits, "0")).replace(/^0+(?=\d)/, "");
  return joined.length <= MINOR_DIGITS_MAX ? Number(joined) : null;
}

/**
 * The text of an amount for the field: no currency sign, no grouping, so that it can be edited.
 * @param {number} amountMinor
 * @param {Currency} currency
 */
export function fieldText(amountMinor, currency) {
  const digits = String(amountMinor).padStart(currency.digits + 1, "0");
  if (currency.digits === 0) return digits;
  const cut = digits.length - currency.digits;
  return digits.slice(0, cut) + decimalSign(currency.locale) + digits.slice(cut);
}

/**
 * The text of an amount for reading: "12,50 €".
 * @param {number} amountMinor
 * @param {Currency} currency
 */
export function moneyText(amountMinor, currency) {
  const format = new Intl.NumberFormat(currency.locale, {
    style: "currency",
    currency: currency.code,
    minimumFractionDigits: currency.digits,
    maximumFractionDigits: currency.digits,
  });
  return format.format(amountMinor / 10 ** currency.digits);
}

/**
 * How much of a bill credit can pay: at most what is there, and the share that the program allows.
 * @param {number} billMinor
 * @param {{available_minor: number, share_max_percent: number}} credit
 */
export function payableMinor(billMinor, credit) {
  return Math.max(Math.min(Math.floor((billMinor * credit.share_max_percent) / 100), credit.available_minor), 0);
}

/**
 * The amount after one key of the keypad. Digits enter at the right, as on a payment terminal.
 * @param {number} amountMinor
 * @param {string} key "0" to "9", "00", "back" or "clear"
 * @returns {number}
 */
export function press(amountMinor, key) {
  if (key === "clear") return 0;
  if (key === "back") return Math.floor(amountMinor / 10);
  const next = Number(`${amountMinor}${key}`);
  return String(next).length > MINOR_DIGITS_MAX ? amountMinor : next;
}
