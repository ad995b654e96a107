/** A card that stays before the camera is one customer, not many. */

const REST_MS = 5_000; // after it was dealt with
const OUT_OF_VIEW_MS = 1_500; // unseen this long, it was taken away

export class SameCard {
  code = "";
  #doneAt = -Infinity;
  #seenAt = -Infinity;

  /**
   * A card is being dealt with.
   * @param {string} code empty when the member was found in another way
   * @param {number} now milliseconds
   */
  take(code, now) {
    this.code = code;
    this.letGo(now);
  }

  /**
   * The camera looks again: what it sees from now on may still be the card from before.
   * @param {number} now milliseconds
   */
  letGo(now) {
    this.#doneAt = this.#seenAt = now;
  }

  /**
   * Whether all that is in view is the card that was just dealt with.
   * @param {string[]} codes in view
   * @param {number} now milliseconds
   */
  isStillThere(codes, now) {
    if (codes.length !== 1 || codes[0] !== this.code) return false;
    const isRested = now - this.#doneAt > REST_MS && now - this.#seenAt > OUT_OF_VIEW_MS;
    this.#seenAt = now;
    return !isRested;
  }
}
