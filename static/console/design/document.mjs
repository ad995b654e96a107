/** The design document that is worked on: plain data, changed by dotted paths. */

/** @typedef {Record<string, any>} Document */

/**
 * @param {Document} document
 * @param {string} path
 * @returns {any}
 */
export function at(document, path) {
  return path.split(".").reduce((/** @type {any} */ part, key) => part?.[key], document);
}

/**
 * Put a value there; `undefined` takes it away, and with it what has become empty.
 * @param {Document} document
 * @param {string} path
 * @param {any} value
 */
export function put(document, path, value) {
  const keys = path.split(".");
  const last = /** @type {string} */ (keys.pop());
  let part = document;
  for (const key of keys) {
    if (typeof part[key] !== "object" || part[key] === null) part[key] = {};
    part = part[key];
  }
  if (value === undefined) delete part[last];
  else part[last] = value;
}

/**
 * A JSON merge patch (RFC 7396).
 * @param {any} target
 * @param {any} patch
 * @returns {any}
 */
export function merged(target, patch) {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const result = typeof target === "object" && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}

/**
 * The document as the form works on it: texts in every language, never a bare string.
 * @param {Document} document
 * @param {string[]} locales
 */
export function opened(document, locales) {
  const copy = structuredClone(document);
  if (typeof copy.logo_text === "string") {
    copy.logo_text = copy.logo_text ? Object.fromEntries(locales.map((locale) => [locale, copy.logo_text])) : {};
  }
  return copy;
}

/**
 * The document as the server takes it: without what was left empty.
 * @param {Document} document
 * @param {string[]} locales
 */
export function closed(document, locales) {
  const copy = structuredClone(document);
  const beside = new Set(locales.map((locale) => copy.logo_text[locale] ?? ""));
  if (beside.size === 1) [copy.logo_text] = beside; // the same in every language is said once
  for (const [code, images] of Object.entries(copy.images_by_language ?? {})) {
    if (Object.keys(images).length === 0) delete copy.images_by_language[code];
  }
  for (const [key, look] of Object.entries(copy.tiers)) {
    const own = Object.entries(look).filter(([name, value]) => value !== null && (name !== "images" || Object.keys(value).length > 0));
    if (own.length === 0) delete copy.tiers[key];
    else copy.tiers[key] = Object.fromEntries(own);
  }
  return copy;
}

/**
 * Contrast of two `#rrggbb` colours (WCAG 2.2), from 1 to 21; 0 when one is none.
 * @param {string} one
 * @param {string} other
 * @param {(colour: string) => number} luminance
 */
export function contrast(one, other, luminance) {
  if (![one, other].every((colour) => /^#[0-9a-f]{6}$/i.test(colour))) return 0;
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}
