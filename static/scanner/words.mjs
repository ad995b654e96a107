/** Outcomes in words. */

import { moneyText } from "./amount.mjs";
import { count, counts, currency, data, say } from "./page.mjs";

/** @typedef {import("./desk.mjs").Outcome} Outcome */
/** @typedef {import("./outcome.mjs").Message} Message */

/**
 * @param {Outcome} outcome
 * @returns {Message}
 */
export function messageFor(outcome) {
  const { act, changes, member } = outcome;
  const balance = say("balance_now", { count: count(member.balances[data.unit]?.available ?? 0) });
  const amount = act.body.amount_minor ? [moneyText(Number(act.body.amount_minor), currency)] : [];
  const credit = typeof act.body.credit_minor === "number" ? act.body.credit_minor : 0;
  if (credit) amount.push(say("credit_paid", { amount: moneyText(credit, currency) }));
  return {
    kind: act.kind === "undo" ? "undone" : "done",
    word: say(act.kind === "undo" ? "undone" : "done"),
    figure: outcome.worth_minor ? `\u2212${moneyText(outcome.worth_minor, currency)}` : counts(changes, true),
    sentence: sentence(outcome),
    more: [...amount, balance, ...(outcome.repeated ? [say("repeated")] : [])].join(" · "),
  };
}

/**
 * A sale, or a reward, that this till keeps until the server has it: never green, and no number that only the server knows.
 * @param {Outcome} outcome
 * @returns {Message}
 */
export function savedMessage({ act, member, reward }) {
  const name = member.name || member.number;
  if (reward) {
    const sentence = say("saved_reward", { name });
    return { kind: "saved", word: say("saved"), figure: reward.name, sentence, more: say("saved_more") };
  }
  return {
    kind: "saved",
    word: say("saved"),
    figure: moneyText(Number(act.body.amount_minor), currency),
    sentence: say("saved_text", { name }),
    more: say("saved_more"),
  };
}

/** @param {Outcome} outcome */
function sentence({ act, changes, member, reward, activity }) {
  const words = { count: counts(changes), name: member.name || member.number, reward: reward?.name ?? "", activity };
  if (act.kind === "managed") return say((changes[0]?.quantity ?? 0) < 0 ? "managed_taken" : "managed_given", words);
  if (act.kind === "voucher") return say("voucher_done", words);
  if (act.kind === "activity") return say(changes.length > 0 ? "activity_done" : "activity_none", words);
  if (act.body.voucher) return say("undo_voucher_done", words);
  if (act.kind === "redemption") return say("redemption_done", words);
  if (changes.length === 0) return say(act.kind === "undo" ? "undo_nothing" : "purchase_none", words);
  if (act.kind === "purchase") return say("purchase_done", words);
  return say(changes[0].quantity < 0 ? "undo_taken" : "undo_given", words);
}

/**
 * Exactly what an undo would reverse; empty when there is nothing to undo.
 * @param {Outcome} outcome
 */
export function undoText({ act, changes, undo, reward }) {
  if (!undo) return "";
  const amount = moneyText(Number(act.body.amount_minor ?? 0), currency);
  const words = { count: counts(changes), amount, reward: reward?.name ?? "" };
  if (act.kind === "redemption") return say("undo_redemption", words);
  if (act.kind === "voucher") return say("undo_voucher", words);
  if (act.kind === "activity") return say("undo_activity", words);
  if (act.kind === "purchase" && !act.body.amount_minor) return say("undo_activity", words);
  return say(changes.length > 0 ? "undo_purchase" : "undo_sale", words);
}
