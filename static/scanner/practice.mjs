/** Practice: the server plays the customer. Nothing is booked, so the acts so far go along with each request. */

/** @typedef {import("./api.mjs").Api} Api */

/** @type {Record<string, (body: any) => Record<string, unknown>>} */
const ACTS = {
  purchases: ({ amount_minor, items = [] }) => ({ kind: "purchase", amount_minor, items }),
  redemptions: ({ reward_id }) => ({ kind: "redemption", reward_id }),
  activities: ({ kind }) => ({ kind: "activity", activity: kind }),
  undo: () => ({ kind: "undo" }),
};

export class PracticeApi {
  /** @type {Record<string, unknown>[]} */
  #acts = [];
  #api;

  /** @param {Api} api */
  constructor(api) {
    this.#api = api;
  }

  /** @param {string} path */
  get(path) {
    return this.#api.get(path);
  }

  /**
   * @param {string} path
   * @param {Record<string, unknown>} body
   * @param {import("./api.mjs").Patience} [patience]
   * @returns {Promise<any>}
   */
  async post(path, body, patience) {
    const act = ACTS[path]?.(body);
    const acts = act ? [...this.#acts, act] : [];
    const answer = await this.#api.post("practice", { acts }, patience);
    this.#acts = acts;
    return path === "members" ? { ...answer, card: null } : answer;
  }
}
