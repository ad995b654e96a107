/**
 * Hand scanners that type ("keyboard wedges"): tells their bursts of keys from a person's typing, anywhere
 * on the page, on any keyboard layout. A scanner set to US keys sends `,` for M and `à` for 0 on a French
 * layout, so each burst is kept twice: as the characters that arrived and as the keys that were pressed.
 */

import { CODE_LENGTH, CODE_LENGTHS, mayBecomeCode, memberCode, normalise } from "./code.mjs";

export const KEY_GAP_MS = 50; // in a field slower is a person
// A slow machine or a scanner on the air stutters: what may become a member code is waited for, and so is
// whatever is typed outside of fields, where no person types.
export const CODE_GAP_MS = 600;
export const BURST_MIN = 4; // characters; shorter bursts are chance
const BURST_MAX = 512; // characters; a scanner pointed at a page-long code must not fill the memory
const SUFFIX_WAIT_MS = 300; // for the Enter after a whole code; some scanners are not set to send one
const SHIELD_FROM = 8; // characters of a code after which a shielded field takes no more of it

/**
 * @typedef {object} Stroke
 * @property {string} key what arrived (KeyboardEvent.key)
 * @property {string} code which key it was (KeyboardEvent.code)
 * @property {number} at milliseconds
 * @property {boolean} [inField] whether a text field had the focus, where a person may be typing
 */

/** Collects strokes and says what a finished burst spells. No clock, no page. */
export class Burst {
  #keys = "";
  #codes = "";
  #lastAt = -Infinity;
  #inField = false;

  get length() {
    return this.#keys.length;
  }

  /** Whether what has arrived can still become a member code. */
  get mayBecomeCode() {
    return this.length > 0 && (mayBecomeCode(this.#keys) || mayBecomeCode(this.#codes));
  }

  /** The member code spelled by either reading, or by its end when a key was touched just before; or null. */
  get memberCode() {
    const readings = [this.#keys, this.#codes];
    const ends = CODE_LENGTHS.flatMap((length) => readings.map((each) => normalise(each).slice(-length)));
    for (const text of [...readings, ...ends]) {
      const code = memberCode(text);
      if (code) return code;
    }
    return null;
  }

  /** What was scanned if it is no member code: the reading by keys when the characters look garbled. */
  get text() {
    return /^[0-9A-Za-z+@.:/_-]+$/.test(this.#keys) ? this.#keys : this.#codes;
  }

  /**
   * Whether a stroke at this time belongs to the burst.
   * @param {number} at
   */
  continuesAt(at) {
    return at - this.#lastAt <= (this.mayBecomeCode || !this.#inField ? CODE_GAP_MS : KEY_GAP_MS);
  }

  /** @param {Stroke} stroke */
  add(stroke) {
    if (!this.continuesAt(stroke.at) || this.length >= BURST_MAX) this.clear();
    this.#keys += stroke.key === "Dead" ? "^" : stroke.key; // a dead key gives no character
    this.#codes += usCharacter(stroke.code) ?? stroke.key;
    this.#lastAt = stroke.at;
    this.#inField = stroke.inField ?? false;
  }

  clear() {
    this.#keys = "";
    this.#codes = "";
    this.#lastAt = -Infinity;
  }
}

/**
 * The upper-case letter or digit that a key carries on a US keyboard.
 * @param {string} code
 * @returns {string | null}
 */
function usCharacter(code) {
  const found = /^(?:Key([A-Z])|(?:Digit|Numpad)(\d))$/.exec(code);
  if (found) return found[1] ?? found[2];
  return code === "Minus" ? "-" : null;
}

/**
 * @typedef {object} Scan
 * @property {string} text a member code in normal form, or what else was scanned
 * @property {boolean} isCode
 */

/**
 * Watches the page for bursts. Inside a field only a member code counts as a scan, and the field gets back
 * what it held before (one with `data-shield` does not even show it for a moment); elsewhere any burst that
 * ends in Enter or Tab is a scan.
 * @param {Document} page
 * @param {(scan: Scan) => void} onScan
 */
export function watchWedge(page, onScan) {
  const burst = new Burst();
  /** @type {{field: HTMLInputElement, value: string} | null} */
  let before = null;
  let suffixTimer = 0;
  let swallowEnterUntil = 0;

  const finish = () => {
    window.clearTimeout(suffixTimer);
    const code = burst.memberCode;
    const scan = { text: code ?? burst.text, isCode: code !== null };
    burst.clear();
    if (before && scan.isCode) restore(before);
    before = null;
    onScan(scan);
  };

  /** @param {KeyboardEvent} event */
  const onSuffix = (event) => {
    const isScan =
      burst.memberCode !== null ||
      (editable(event) === null && burst.length >= BURST_MIN && burst.continuesAt(event.timeStamp));
    if (isScan || event.timeStamp < swallowEnterUntil) stop(event);
    if (isScan) finish();
    else burst.clear();
    swallowEnterUntil = 0;
  };

  /** @param {KeyboardEvent} event */
  const onCharacter = (event) => {
    const field = editable(event);
    if (!burst.continuesAt(event.timeStamp)) before = field && { field, value: field.value };
    burst.add({ key: event.key, code: event.code, at: event.timeStamp, inField: field !== null });
    if (before?.field.dataset.shield !== undefined && burst.length >= SHIELD_FROM && burst.mayBecomeCode) {
      stop(event);
      restore(before);
    }
    window.clearTimeout(suffixTimer);
    if (burst.length < CODE_LENGTH || burst.memberCode === null) return;
    suffixTimer = window.setTimeout(() => {
      swallowEnterUntil = performance.now() + SUFFIX_WAIT_MS;
      finish();
    }, SUFFIX_WAIT_MS);
  };

  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter" || event.key === "Tab") onSuffix(event);
    else if ([...event.key].length === 1 || event.key === "Dead") onCharacter(event);
  };
  for (const event of earlyKeys()) onKey(event);
  page.addEventListener("keydown", onKey, { capture: true });
}

/**
 * What was typed while this script was still on its way (see early-keys.js).
 * @returns {KeyboardEvent[]}
 */
function earlyKeys() {
  const take = /** @type {{takeEarlyKeys?: () => KeyboardEvent[]}} */ (window).takeEarlyKeys;
  return take ? take() : [];
}

/** @param {Event} event */
function stop(event) {
  event.preventDefault();
  event.stopPropagation();
}

/** @param {{field: HTMLInputElement, value: string}} before */
function restore(before) {
  if (before.field.value === before.value) return;
  before.field.value = before.value;
  before.field.dispatchEvent(new Event("input", { bubbles: true }));
}

/**
 * The text field a key goes to, or null.
 * @param {Event} event
 * @returns {HTMLInputElement | null}
 */
function editable(event) {
  return event.target instanceof HTMLInputElement ? event.target : null;
}
