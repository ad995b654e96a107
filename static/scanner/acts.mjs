/**
 * What the cashier confirmed, each with the id that travels along on every try. When nobody answered, the
 * same act within a while gets the same id again: the server then counts it once, whatever happened before.
 */

/** @typedef {import("./desk.mjs").Act} Act */

const KEPT_MS = 10 * 60_000; // later the same amount is another sale

export class Acts {
  /** @type {Map<string, {act: Act, at: number}>} */
  #unsettled = new Map();

  /**
   * @param {Act["kind"]} kind
   * @param {string} path
   * @param {Record<string, unknown>} facts
   * @param {number} [now] milliseconds
   * @returns {Act}
   */
  make(kind, path, facts, now = performance.now()) {
    const known = this.#unsettled.get(keyOf(path, factsOf({ body: facts })));
    if (known && now - known.at < KEPT_MS) return known.act;
    const request_id = newRequestId();
    return { request_id, kind, path, body: { request_id, ...facts } };
  }

  /**
   * Nobody answered: it may or may not have happened.
   * @param {Act} act
   * @param {number} now milliseconds
   */
  keep(act, now) {
    this.#unsettled.set(keyOf(act.path, factsOf(act)), { act, at: now });
  }

  /**
   * The server answered, with yes or no.
   * @param {Act} act
   */
  settle(act) {
    this.#unsettled.delete(keyOf(act.path, factsOf(act)));
  }
}

/**
 * What makes two acts the same: not how the member was found, nor what was shown of the card or held before.
 * @param {{body: Record<string, unknown>}} act
 */
function factsOf({ body }) {
  const { request_id: _id, confirm_repeat: _confirm, shown: _shown, hold: _hold, found_by: _way, ...facts } = body;
  return facts;
}

/**
 * @param {string} path
 * @param {Record<string, unknown>} facts
 */
function keyOf(path, facts) {
  return JSON.stringify([path, Object.entries(facts).sort()]);
}

/** A random UUID, also on pages without a secure address. */
export function newRequestId() {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40; // version 4
  bytes[8] = (bytes[8] & 0x3f) | 0x80; // the usual variant
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
