/**
 * Sales and rewards saved on this till until the server has them, in IndexedDB. A line is written, and on the disk,
 * before the cashier sees "saved"; it is never removed before its fate is known and was seen.
 */

const NAME = "comptoir-till";
const VERSION = 1;
const LINES = "lines";
const SETTLED_KEPT = 50; // accepted lines that can still be looked up on the till

/**
 * @typedef {{reward_id: string, hold: string, name: string}} SavedReward
 *
 * @typedef {"pending" | "accepted" | "review" | "dismissed" | "rejected"} LineState
 *
 * @typedef {object} Line
 * @property {number} [seq] counts up without end on this till; given by the store
 * @property {string} op_id the act's own id: the same on every try, online or later
 * @property {string | null} query what was scanned or typed
 * @property {string | null} member_id where the member was on the screen
 * @property {string} name the member's, where it was on the screen
 * @property {number} amount_minor
 * @property {SavedReward | null} [reward] it is no sale: this was given, against that hold
 * @property {Record<string, unknown>} [more] articles, the receipt, how the member was found
 * @property {string} occurred_at RFC 3339, by this till's clock
 * @property {string | null} staff
 * @property {string | null} store
 * @property {string | null} [paired] the till that this browser was then
 * @property {LineState} state
 * @property {string} sentence why it does not count by itself, as the server said
 * @property {{unit: string, quantity: number}[]} changes what it gave
 * @property {boolean} seen the cashier has read what became of it
 * @property {number} tries
 *
 * @typedef {{op_id: string, state: LineState, sentence: string,
 *   changes?: {unit: string, quantity: number}[], member?: {name: string, number: string} | null}} Fate
 */

export class LineStore {
  #db;

  /** @param {IDBDatabase} db */
  constructor(db) {
    this.#db = db;
  }

  /** Opens the store, or throws where the browser keeps nothing (private windows, policy, full disk). */
  static async open() {
    const asked = indexedDB.open(NAME, VERSION);
    asked.onupgradeneeded = () => {
      const lines = asked.result.createObjectStore(LINES, { keyPath: "seq", autoIncrement: true });
      lines.createIndex("op_id", "op_id", { unique: true });
    };
    const db = await answerOf(asked);
    db.onversionchange = () => db.close();
    // A browser may refuse, or ask the cashier first: the lines are kept all the same, and nobody waits for it.
    void navigator.storage?.persist?.().catch(() => false);
    return new LineStore(db);
  }

  /**
   * Keeps a line; resolves once it is on the disk.
   * @param {Omit<Line, "seq" | "state" | "sentence" | "changes" | "seen" | "tries">} said
   * @returns {Promise<void>}
   */
  async add(said) {
    const change = this.#db.transaction(LINES, "readwrite", { durability: "strict" });
    /** @type {Line} */
    const line = { ...said, state: "pending", sentence: "", changes: [], seen: false, tries: 0 };
    const lines = change.objectStore(LINES);
    const known = await answerOf(lines.index("op_id").getKey(said.op_id));
    if (known === undefined) lines.add(line);
    await endOf(change);
  }

  /** All lines, oldest first. @returns {Promise<Line[]>} */
  async all() {
    return answerOf(this.#db.transaction(LINES).objectStore(LINES).getAll());
  }

  /** What the server does not have yet, oldest first. */
  async pending() {
    return (await this.all()).filter((line) => line.state === "pending");
  }

  /** What a manager had to look at when it was sent, oldest first. */
  async inReview() {
    return (await this.all()).filter((line) => line.state === "review");
  }

  /**
   * Writes down what became of lines, and forgets old ones that simply count.
   * @param {Fate[]} fates
   */
  async settle(fates) {
    const change = this.#db.transaction(LINES, "readwrite", { durability: "strict" });
    const lines = change.objectStore(LINES);
    for (const { op_id, state, sentence, changes = [], member = null } of fates) {
      const line = await answerOf(lines.index("op_id").get(op_id));
      if (!line) continue;
      const seen = state === "accepted" || (line.seen && line.state === state);
      lines.put({ ...line, state, sentence, changes, seen, name: member?.name || line.name });
    }
    const accepted = (await answerOf(lines.getAll())).filter((line) => line.state === "accepted");
    for (const line of accepted.slice(0, -SETTLED_KEPT)) lines.delete(line.seq);
    await endOf(change);
  }

  /**
   * One more try went out for these.
   * @param {Line[]} tried
   */
  async note(tried) {
    const change = this.#db.transaction(LINES, "readwrite");
    for (const line of tried) change.objectStore(LINES).put({ ...line, tries: line.tries + 1 });
    await endOf(change);
  }

  /** The cashier has read the list. */
  async markSeen() {
    const change = this.#db.transaction(LINES, "readwrite");
    const lines = change.objectStore(LINES);
    for (const line of await answerOf(lines.getAll())) {
      if (line.state !== "pending" && !line.seen) lines.put({ ...line, seen: true });
    }
    await endOf(change);
  }
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function answerOf(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @param {IDBTransaction} change */
function endOf(change) {
  return new Promise((resolve, reject) => {
    change.oncomplete = () => resolve(undefined);
    change.onabort = change.onerror = () => reject(change.error);
  });
}
