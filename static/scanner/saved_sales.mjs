/** The sheet of saved sales: what waits, what counts, what a manager has to look at. */

import { moneyText } from "./amount.mjs";
import { fill } from "./hub.mjs";
import { copyOf, counts, currency, dayText, part, say, setIcon, timeText } from "./page.mjs";

/** @typedef {import("./line_store.mjs").Line} Line */

/** @type {Record<import("./line_store.mjs").LineState, string>} icon of a state */
const ICONS = { pending: "cloud-off", accepted: "check", review: "triangle-alert", dismissed: "x", rejected: "x" };

const OLD_MS = 24 * 3_600_000; // a day: the server takes what is three days old for a manager only

export class SavedSales {
  #root = part("saved");
  #queue = part("queue");
  #onOpen;
  #isUpdateWanted;

  /**
   * @param {object} doers
   * @param {() => void} doers.onOpen
   * @param {() => void} doers.onSend
   * @param {() => boolean} doers.isUpdateWanted whether a newer release of the page is there
   */
  constructor({ onOpen, onSend, isUpdateWanted }) {
    this.#onOpen = onOpen;
    this.#isUpdateWanted = isUpdateWanted;
    this.#queue.addEventListener("click", () => this.open());
    part("saved-close").addEventListener("click", () => this.close());
    part("saved-send").addEventListener("click", onSend);
    this.#root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.close();
    });
  }

  open() {
    this.#root.hidden = false;
    part("saved-title").focus({ preventScroll: true });
    this.#onOpen();
  }

  close() {
    this.#root.hidden = true;
    this.#queue.focus({ preventScroll: true });
  }

  /** @param {Line[]} lines oldest first */
  show(lines) {
    const waiting = lines.filter((line) => line.state === "pending");
    const pending = waiting.length;
    const oldest = waiting.find((line) => Date.now() - Date.parse(line.occurred_at) > OLD_MS);
    const unread = lines.filter((line) => !line.seen && line.state !== "pending").length;
    part("queue-count").textContent = String(pending);
    this.#queue.toggleAttribute("data-empty", lines.length === 0);
    this.#queue.dataset.alert = String(unread > 0 || oldest !== undefined);
    this.#queue.toggleAttribute("data-none", pending === 0); // amber is for what waits
    part("queue-unread").hidden = unread === 0;
    setIcon(this.#queue, pending + unread > 0 ? "cloud-off" : "check");
    part("saved-old").hidden = oldest === undefined;
    part("saved-old").textContent = oldest ? say("saved_old", { when: dayText(oldest.occurred_at) }) : "";
    part("saved-empty").hidden = lines.length > 0;
    part("saved-send").hidden = pending === 0;
    const held = pending && this.#isUpdateWanted() ? ` · ${say("saved_update")}` : "";
    part("saved-summary").textContent = pending
      ? say("saved_waiting", { count: String(pending) }) + held
      : say("saved_none_waiting");
    part("saved-list").replaceChildren(...lines.toReversed().map(lineOf));
  }
}

/** @param {Line} line */
function lineOf(line) {
  const shown = copyOf("saved-template");
  shown.dataset.state = line.state;
  setIcon(shown, ICONS[line.state]);
  fill(shown, ".saved__who", line.name || line.query || "");
  fill(shown, ".saved__amount", line.reward ? line.reward.name : moneyText(line.amount_minor, currency));
  fill(shown, ".saved__time", timeText(line.occurred_at));
  const gave = line.state === "accepted" && line.changes.length > 0 ? ` · ${counts(line.changes, true)}` : "";
  fill(shown, ".saved__state", say(`saved_${line.state}`) + gave);
  fill(shown, ".saved__why", line.sentence);
  return shown;
}
