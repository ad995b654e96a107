/** A screen on a device of its own: it asks the server what its till shows, one question at a time. */

const POLL_MS = 1_000;
const QUIET_POLL_MS = 3_000; // once nothing has changed for a while
const QUIET_AFTER_MS = 120_000;
const LIMIT_MS = 5_000;
const RETRY_MAX_MS = 10_000;
const LOST_AFTER_MS = 10_000; // without an answer: what is shown may be somebody else's by now

/** @typedef {import("./face.mjs").Face} Face */

export class FarTill {
  #base;
  #csrf;
  #doers;
  #seen = 0; // the version on the screen; 0 is the welcome
  #timer = 0;
  #isAsking = false;
  #failures = 0;
  #heardAt = performance.now();
  #changedAt = performance.now();

  /**
   * @param {string} base address of what a screen may ask, with a slash at the end
   * @param {string} csrf
   * @param {object} doers
   * @param {(face: Face | null) => void} doers.onFace null is the welcome
   * @param {() => void} doers.onLost the server was silent for too long
   * @param {() => void} doers.onRevoked this device is no screen any more
   */
  constructor(base, csrf, doers) {
    this.#base = base;
    this.#csrf = csrf;
    this.#doers = doers;
  }

  /** Now, unless a question is on its way; not while nobody sees it. */
  look() {
    window.clearTimeout(this.#timer);
    if (!this.#isAsking && !document.hidden) void this.#ask();
  }

  /**
   * @param {string} question
   * @param {"yes" | "no"} answer
   */
  async answer(question, answer) {
    const body = JSON.stringify({ question, answer });
    try {
      const said = await this.#send("answers", { method: "POST", body });
      if (said.status === 401) return this.#doers.onRevoked();
    } catch {
      // Not reached: the question stays on the screen and can be tapped again.
    }
    this.#seen = -1; // whatever came of it
    this.look();
  }

  async #ask() {
    this.#isAsking = true;
    try {
      const said = await this.#send(`face?seen=${this.#seen}`, {});
      if (said.status === 401) return this.#doers.onRevoked();
      if (!said.ok) throw new Error(`status ${said.status}`);
      if (said.status !== 204) this.#show(await said.json());
      this.#failures = 0;
      this.#heardAt = performance.now();
    } catch {
      this.#failures += 1;
      if (performance.now() - this.#heardAt > LOST_AFTER_MS) {
        this.#seen = -1;
        this.#doers.onLost();
      }
    } finally {
      this.#isAsking = false;
    }
    this.#plan();
  }

  #plan() {
    window.clearTimeout(this.#timer);
    if (document.hidden) return;
    const isQuiet = performance.now() - this.#changedAt > QUIET_AFTER_MS;
    const pause = this.#failures > 0 ? Math.min(POLL_MS * 2 ** this.#failures, RETRY_MAX_MS) : isQuiet ? QUIET_POLL_MS : POLL_MS;
    this.#timer = window.setTimeout(() => this.look(), pause);
  }

  /** @param {{version: number, face: Face | null}} shown */
  #show({ version, face }) {
    this.#seen = version;
    this.#changedAt = performance.now();
    this.#doers.onFace(face);
  }

  /**
   * @param {string} path
   * @param {RequestInit} more
   */
  #send(path, more) {
    return fetch(this.#base + path, {
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": this.#csrf },
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(LIMIT_MS),
      ...more,
    });
  }
}
