/** What of the till's state the customer may see: the first name, what they got, what they have, what is next. */

import { moneyText } from "./amount.mjs";
import { memberOf } from "./desk.mjs";
import { count, counts, currency, data, say } from "./page.mjs";

/** @typedef {import("./desk.mjs").Desk} Desk */
/** @typedef {import("./desk.mjs").Member} Member */
/** @typedef {import("./desk.mjs").Outcome} Outcome */
/** @typedef {import("./face.mjs").Face} Face */

/**
 * @param {Desk} desk
 * @param {{memberId: string, svg: string} | null} card that this customer has still to take away
 * @returns {Face}
 */
export function faceOf(desk, card) {
  const face = faceAt(desk);
  const member = memberOf(desk);
  const isTheirs = card !== null && member?.id === card.memberId;
  const code = isTheirs ? { code: card.svg, text: say("face_card_text") } : {};
  return { ...face, ...code, practice: data.practice };
}

/**
 * @param {Desk} desk
 * @returns {Face}
 */
function faceAt(desk) {
  if (desk.name === "done") return ofOutcome(desk.outcome);
  const member = memberOf(desk);
  if (desk.name === "refused" || desk.name === "unsent") return { kind: "wait", title: say("face_refused") };
  if (!member || desk.name === "choosing" || member.query !== undefined) return welcome();
  return { kind: "member", title: named("face_hello", member), ...purse(member, "face_balance") };
}

/** @returns {Face} */
function welcome() {
  return { kind: "welcome", title: say("face_welcome"), text: say("face_welcome_text") };
}

/**
 * @param {Outcome} outcome
 * @returns {Face}
 */
function ofOutcome({ act, changes, member, reward, isSaved, worth_minor }) {
  if (isSaved && reward) return { kind: "saved", title: say("face_taken", { reward: reward.name }) };
  if (isSaved) return { kind: "saved", title: say("face_saved"), figure: moneyText(Number(act.body.amount_minor), currency) };
  const rest = purse(member, "face_balance_now");
  if (act.kind === "undo") return { kind: "wait", title: say("face_undone"), ...rest };
  if (reward) {
    const figure = worth_minor ? `\u2212${moneyText(worth_minor, currency)}` : "";
    return { kind: "gift", title: say("face_taken", { reward: reward.name }), figure, ...rest };
  }
  return { kind: "done", title: named("face_done", member), figure: counts(changes, true), ...rest };
}

/**
 * @param {Member} member
 * @param {string} label
 * @returns {Partial<Face>}
 */
function purse(member, label) {
  const have = Math.max(member.balances[data.unit]?.available ?? 0, 0);
  const next = member.next_reward;
  const best = member.rewards.find((reward) => reward.affordable);
  /** @type {Partial<Face>} */
  const face = { label: say(label), balance: count(have) };
  if (next) {
    face.meter = [have, have + next.missing];
    face.next = say("face_missing", { count: count(next.missing), reward: next.name });
  } else if (best) face.next = say("face_ready", { reward: best.name });
  return face;
}

/**
 * By the first name alone: others can read the screen too.
 * @param {string} key
 * @param {Member} member
 */
function named(key, member) {
  const name = member.name.trim().split(/\s+/)[0];
  return name ? say(key, { name }) : say(`${key}_nameless`);
}
