/**
 * Sends what this till saved, oldest first, until the server has it all: after any answer, when the network
 * comes back, when the page is looked at again, and again and again meanwhile. One tab does it at a time.
 */

import { Refused } from "./api.mjs";

/** @typedef {import("./api.mjs").Api} Api */
/** @typedef {import("./line_store.mjs").Fate} Fate */
/** @typedef {import("./line_store.mjs").Line} Line */
/** @typedef {import("./line_store.mjs").LineStore} LineStore */

const BATCH_MAX = 50; // what the server takes at once
const PAUSE_MIN_MS = 5_000;
const PAUSE_MAX_MS = 300_000;
const SEND_LIMIT_MS = 20_000; // fifty sales take the server about a second
const LOCK = "comptoir-till-drain";

export class Drain {
  #api;
  #store;
  #till;
  #onFates;
  #onSignedOut;
  #timer = 0;
  #pauseMs = PAUSE_MIN_MS;
  #isRunning = false;
  #underWay = Promise.resolve();
  #isWanted = false;
  #isBarred = false; // nobody may send: asking again by itself would only repeat the question
  #hasAsked = false; // what became of the lines that a manager had to look at

  /**
   * @param {Api} api
   * @param {LineStore} store
   * @param {string} till this browser's own name
   * @param {object} doers
   * @param {(fates: Fate[]) => void} doers.onFates
   * @param {() => void} doers.onSignedOut nobody may send now: the lines wait
   */
  constructor(api, store, till, { onFates, onSignedOut }) {
    this.#api = api;
    this.#store = store;
    this.#till = till;
    this.#onFates = onFates;
    this.#onSignedOut = onSignedOut;
  }

  /** Sends now, or as soon as what is under way has ended; resolves when that is over. */
  kick() {
    this.#isWanted = true;
    if (!this.#isRunning) this.#underWay = this.#run();
    return this.#underWay;
  }

  async #run() {
    this.#isRunning = true;
    window.clearTimeout(this.#timer);
    while (this.#isWanted) {
      this.#isWanted = false;
      const isDone = await alone(() => this.#sendAll());
      this.#pauseMs = isDone ? PAUSE_MIN_MS : Math.min(this.#pauseMs * 2, PAUSE_MAX_MS);
    }
    this.#isRunning = false;
    if (this.#isBarred || (await this.#store.pending().catch(() => [])).length === 0) return;
    // Tills that lost the same network do not come back all at once.
    this.#timer = window.setTimeout(() => void this.kick(), this.#pauseMs * (0.5 + Math.random()));
  }

  /** @returns {Promise<boolean>} whether nothing is left to send */
  async #sendAll() {
    for (;;) {
      const lines = await this.#next();
      if (lines.length === 0) return true;
      await this.#store.note(lines);
      try {
        const body = { till: this.#till, lines: lines.map(asSent) };
        const answer = await this.#api.post("sync", body, { limit: SEND_LIMIT_MS, retries: 0 });
        this.#isBarred = false;
        await this.#store.settle(answer.lines);
        if (lines.some((line) => line.state === "review")) this.#hasAsked = true;
        this.#onFates(answer.lines);
      } catch (error) {
        if (error instanceof Refused && [401, 403].includes(error.status)) this.#bar();
        return false; // kept, whatever it was: the next try has the same ids
      }
    }
  }

  /** What the server does not have; then, once, what a manager had to decide: the same line again asks for it. */
  async #next() {
    const pending = await this.#store.pending();
    if (pending.length > 0 || this.#hasAsked) return pending.slice(0, BATCH_MAX);
    return (await this.#store.inReview()).slice(-BATCH_MAX);
  }

  #bar() {
    this.#isBarred = true;
    this.#onSignedOut();
  }
}

/** @param {Line} line */
function asSent(line) {
  return {
    op_id: line.op_id,
    seq: line.seq,
    amount_minor: line.amount_minor,
    ...line.more,
    occurred_at: line.occurred_at,
    age_ms: Math.max(Date.now() - Date.parse(line.occurred_at), 0),
    query: line.query,
    member_id: line.member_id,
    staff: line.staff,
    store: line.store,
    paired: line.paired ?? null,
    ...(line.reward ? { reward: { reward_id: line.reward.reward_id, hold: line.reward.hold } } : {}),
  };
}

/**
 * Runs it in one tab of the browser at a time; another tab's turn counts as done here.
 * @param {() => Promise<boolean>} work
 */
async function alone(work) {
  if (!navigator.locks) return work();
  return navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => (lock ? work() : false));
}
