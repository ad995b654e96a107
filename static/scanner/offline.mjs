/** The till without a connection: opens from what the browser kept, saves sales, sends them later. */

import { Drain } from "./drain.mjs";
import { LineStore } from "./line_store.mjs";
import { newRequestId } from "./acts.mjs";
import { data } from "./page.mjs";
import { recall, remember } from "./memory.mjs";

/** @typedef {import("./api.mjs").Api} Api */
/** @typedef {import("./line_store.mjs").Line} Line */
/** @typedef {import("./line_store.mjs").LineState} LineState */

const TILL = "till.id";
const OPEN_LIMIT_MS = 3_000; // a store that does not open by then is taken as one that will not
const SAME_WITHIN_MS = 2 * 60_000; // the same card and amount again is asked about

export class Offline {
  /** @type {LineStore | null} */
  #store = null;
  #opening = openStore(); // at once: the first sale of a start may come before everything else is ready
  #isClosed = false;
  /** @type {Drain | null} */
  #drain = null;
  #tabs = new BroadcastChannel("comptoir-till"); // another tab of this till saved or sent something
  #onLines;

  /** @param {(lines: Line[]) => void} onLines told of every change of the list */
  constructor(onLines) {
    this.#onLines = onLines;
  }

  /**
   * @param {Api} api
   * @param {() => void} onSignedOut
   */
  async start(api, onSignedOut) {
    this.#store = await this.#opening;
    this.#isClosed = !this.#store;
    if (!this.#store) return; // nothing can be saved here: a sale without a connection says so
    this.#tabs.onmessage = () => void this.refresh();
    const onFates = () => void this.#changed();
    this.#drain = new Drain(api, this.#store, tillName(), { onFates, onSignedOut });
    await this.refresh();
    this.send();
    window.addEventListener("online", () => this.send());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.send());
  }

  /** @returns {Promise<boolean>} once it is known whether this browser keeps anything */
  async canSave() {
    return !data.practice && (await this.#opening) !== null;
  }

  /** This browser keeps nothing, as in a private window: a sale without an answer cannot wait here. */
  get isClosed() {
    return this.#isClosed;
  }

  /** Tries to send what waits. */
  send() {
    void this.#drain?.kick();
  }

  /**
   * What waits goes before what is spent now: its points may be what pays. No longer than this is waited for.
   * @param {number} limitMs
   */
  async sendFirst(limitMs) {
    const store = await this.#opening;
    if (!this.#drain || !store || (await store.pending()).length === 0) return;
    await Promise.race([this.#drain.kick(), new Promise((resolve) => window.setTimeout(resolve, limitMs))]);
  }

  async refresh() {
    if (this.#store) this.#onLines(await this.#store.all());
  }

  async markSeen() {
    await this.#store?.markSeen();
    await this.#changed();
  }

  async #changed() {
    this.#tabs.postMessage("changed");
    await this.refresh();
  }

  /**
   * Keeps a sale, or a reward that was given; throws where it cannot be kept.
   * @param {{op_id: string, query: string | null, member_id: string | null, name: string, amount_minor: number, more: Record<string, unknown>, reward: import("./line_store.mjs").SavedReward | null}} sale
   */
  async save(sale) {
    const store = await this.#opening;
    if (!store) throw new Error("no store");
    const occurred_at = new Date().toISOString();
    await store.add({ ...sale, occurred_at, staff: data.staff, store: data.store, paired: data.paired });
    await this.#changed();
    this.send();
  }

  /**
   * A sale of the same card and amount that was saved a moment ago.
   * @param {string | null} query
   * @param {string | null} memberId
   * @param {number} amountMinor
   */
  async same(query, memberId, amountMinor) {
    const since = Date.now() - SAME_WITHIN_MS;
    const store = await this.#opening;
    return (await store?.all())?.find(
      (line) =>
        line.amount_minor === amountMinor &&
        line.query === query &&
        line.member_id === memberId &&
        Date.parse(line.occurred_at) > since,
    );
  }
}

/** @returns {Promise<LineStore | null>} nothing where this browser keeps nothing */
async function openStore() {
  const late = new Promise((resolve) => window.setTimeout(resolve, OPEN_LIMIT_MS, null));
  return Promise.race([LineStore.open().catch(() => null), late]);
}

/** Keeps the page for a start without a connection, once it has loaded with one. */
export async function keepPage() {
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register(data.worker, { scope: "/till/" });
    const { active } = await navigator.serviceWorker.ready;
    const loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
    const own = loaded.filter((address) => new URL(address).pathname.startsWith("/static/"));
    active?.postMessage({ keep: [...new Set(["/till/", ...own, ...data.offline])] });
  } catch {
    // A browser without storage, or a page without a secure address: the till works with a connection.
  }
}

/** The page of whoever signs out is not shown to the next one. */
export function forgetPage() {
  navigator.serviceWorker?.controller?.postMessage({ forget: true });
}

/** This browser's own random name. */
function tillName() {
  const known = recall(TILL);
  if (known) return known;
  const name = newRequestId();
  remember(TILL, name);
  return name;
}
