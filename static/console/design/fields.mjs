/** What a field of the form shows, and what it stands for in the document. */

/**
 * @param {HTMLInputElement} field
 * @param {string} zone the program's, for times
 * @returns {any}
 */
export function read(field, zone) {
  const { value } = field;
  if (field.type === "checkbox") return field.checked;
  switch (field.dataset.as) {
    case "number":
      return value === "" ? null : Number(value);
    case "numbers": // what is no number stays: the server says what is wrong with it
      return value.split(/[\s,;]+/).filter(Boolean).map((one) => (/^\d+$/.test(one) ? Number(one) : one));
    case "codes":
      return value === "qr" ? ["qr"] : [value, "qr"];
    case "optional":
      return value === "" ? null : value;
    case "time":
      return zoned(value, zone);
    default:
      return field.dataset.hex === undefined ? value : value.toLowerCase();
  }
}

/**
 * @param {HTMLInputElement} field
 * @param {any} value
 * @param {string} zone
 */
export function show(field, value, zone) {
  if (field.type === "checkbox") field.checked = Boolean(value);
  else {
    const text = spelled(field.dataset.as ?? "", value, zone);
    if (field !== document.activeElement || field.value !== text) field.value = text;
  }
}

/**
 * @param {string} kind
 * @param {any} value
 * @param {string} zone
 */
function spelled(kind, value, zone) {
  if (value === undefined || value === null) return "";
  if (kind === "numbers") return value.join(", ");
  if (kind === "codes") return value[0];
  if (kind === "time") return value && local(Date.parse(value), zone);
  return String(value);
}

const MINUTE = 60_000;

/**
 * A time of a `datetime-local` field, as it is in the shop, with its offset: `2026-12-24T09:00:00+01:00`.
 * @param {string} text
 * @param {string} zone
 */
export function zoned(text, zone) {
  const asUtc = Date.parse(`${text}Z`);
  if (Number.isNaN(asUtc)) return "";
  const offset = offsetAt(asUtc - offsetAt(asUtc, zone) * MINUTE, zone);
  const digits = (/** @type {number} */ number) => String(Math.floor(number)).padStart(2, "0");
  const size = Math.abs(offset);
  return `${text.slice(0, 16)}:00${offset < 0 ? "-" : "+"}${digits(size / 60)}:${digits(size % 60)}`;
}

/**
 * Minutes that the clocks there are ahead of UTC.
 * @param {number} moment
 * @param {string} zone
 */
function offsetAt(moment, zone) {
  return Math.round((Date.parse(`${local(moment, zone)}Z`) - moment) / MINUTE);
}

/**
 * @param {number} moment
 * @param {string} zone
 */
function local(moment, zone) {
  // Sweden writes times as `datetime-local` does, but for the letter between.
  return new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" }).format(moment).replace(" ", "T");
}
