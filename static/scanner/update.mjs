/**
 * A till stays open for weeks. Each answer says which release the server is; where the page is of another one,
 * it loads itself anew: when nobody is before it, nothing is typed, and nothing waits to be sent.
 */

export const REST_MS = 60_000; // without a touch, so that no cashier sees the page go
const TAKEN = "till.release"; // the one that the page was last loaded anew for

const THIS_TAB = {
  /** @param {string} name */
  recall(name) {
    try {
      return sessionStorage.getItem(name);
    } catch {
      return null; // storage is closed by policy
    }
  },
  /**
   * @param {string} name
   * @param {string} value
   */
  remember(name, value) {
    try {
      sessionStorage.setItem(name, value);
    } catch {
      // see recall
    }
  },
};

export class Update {
  #own;
  #isAtRest;
  #reload;
  #memory;
  #wanted = "";

  /**
   * @param {object} parts
   * @param {string} parts.own release of the page
   * @param {() => boolean} parts.isAtRest whether the page may go now
   * @param {() => void} parts.reload
   * @param {{recall: (name: string) => string | null, remember: (name: string, value: string) => void}} [parts.memory]
   */
  constructor({ own, isAtRest, reload, memory = THIS_TAB }) {
    this.#own = own;
    this.#isAtRest = isAtRest;
    this.#reload = reload;
    this.#memory = memory;
  }

  /** Whether another release is there. */
  get isWanted() {
    return this.#wanted !== "";
  }

  /** @param {string | null} release that an answer came from */
  told(release) {
    if (!release || release === this.#own) {
      if (release) this.#wanted = ""; // the one before is back
    } else if (this.#memory.recall(TAKEN) !== release) {
      this.#wanted = release;
    } // Two releases answer side by side while servers change: once for each is enough.
  }

  /** Loads the page anew where that is wanted and disturbs nobody. */
  take() {
    if (!this.isWanted || !this.#isAtRest()) return;
    this.#memory.remember(TAKEN, this.#wanted);
    this.#wanted = "";
    this.#reload();
  }
}
