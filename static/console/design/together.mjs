/** Two people at one draft: what each changed goes into one document, and where both changed the same it says so. */

/** @typedef {Record<string, any>} Document */

/** Parts that hold together: half of one and half of the other would be neither. */
const WHOLE = new Set(["layout", "google_rows", "poster", "nfc", "app"]);

/**
 * @param {Document} base the draft that both began with
 * @param {Document} mine
 * @param {Document} theirs
 * @param {"mine" | "theirs"} [chosen] whose counts where both changed the same
 * @returns {{ document: Document, clashes: string[] }} dotted paths of what both changed, each in another way
 */
export function joined(base, mine, theirs, chosen = "theirs") {
  /** @type {string[]} */
  const clashes = [];
  const document = /** @type {Document} */ (one(base, mine, theirs, [], { clashes, chosen }));
  return { document, clashes };
}

/**
 * @param {any} base
 * @param {any} mine
 * @param {any} theirs
 * @param {string[]} path
 * @param {{ clashes: string[], chosen: string }} found
 * @returns {any}
 */
function one(base, mine, theirs, path, found) {
  if (equal(mine, theirs) || equal(mine, base)) return theirs;
  if (equal(theirs, base)) return mine;
  if (isParts(mine) && isParts(theirs) && !WHOLE.has(path[0])) return parts(isParts(base) ? base : {}, mine, theirs, path, found);
  found.clashes.push(path.join("."));
  return found.chosen === "mine" ? mine : theirs;
}

/**
 * @param {Document} base
 * @param {Document} mine
 * @param {Document} theirs
 * @param {string[]} path
 * @param {{ clashes: string[], chosen: string }} found
 */
function parts(base, mine, theirs, path, found) {
  /** @type {Document} */
  const all = {};
  for (const key of new Set([...Object.keys(theirs), ...Object.keys(mine)])) {
    const value = one(base[key], mine[key], theirs[key], [...path, key], found);
    if (value !== undefined) all[key] = value; // who took it away left it as it was before
  }
  return all;
}

/** @param {any} value */
function isParts(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * @param {any} a
 * @param {any} b
 * @returns {boolean}
 */
export function equal(a, b) {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

/**
 * The same data with its keys in order, to compare.
 * @param {any} value
 * @returns {any}
 */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isParts(value)) return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}
