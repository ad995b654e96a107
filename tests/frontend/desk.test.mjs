import assert from "node:assert/strict";
import { test } from "node:test";

import { IDLE, MOVES, memberOf, next } from "../../static/scanner/desk.mjs";

/** @typedef {import("../../static/scanner/desk.mjs").Desk} Desk */
/** @typedef {import("../../static/scanner/desk.mjs").Move} Move */

const ada = {
  id: "1", name: "Ada", number: "1000", tier: null, balances: { points: { available: 40, pending: 0 } },
  next_reward: null, rewards: [], vouchers: [], credit: null, stamp_cards: [], activities: [], last_visit_at: null,
};
const act = { request_id: "r-1", kind: /** @type {const} */ ("purchase"), path: "purchases", body: { amount_minor: 1250 } };
const outcome = {
  act, changes: [{ unit: "points", quantity: 12 }], undo: { purchase_id: "7" }, repeated: false, reward: null,
  worth_minor: null, activity: "", member: { ...ada, balances: { points: { available: 52, pending: 0 } } },
};

/**
 * @param {Desk} desk
 * @param {Move[]} moves
 */
const walk = (desk, ...moves) => moves.reduce(next, desk);

test("a sale goes from the scan to the next customer", () => {
  let desk = walk(IDLE, { name: "look" }, { name: "found", member: ada });
  assert.deepEqual(desk, { name: "member", member: ada });
  desk = walk(desk, { name: "submit", act }, { name: "settle", outcome });
  assert.equal(memberOf(desk)?.balances.points.available, 52);
  assert.deepEqual(next(desk, { name: "close" }), IDLE);
});

test("a second tap while the first is on its way does nothing", () => {
  const desk = walk(IDLE, { name: "look" }, { name: "found", member: ada }, { name: "submit", act });
  assert.equal(next(desk, { name: "submit", act: { ...act, request_id: "r-2" } }), desk);
  assert.equal(next(desk, { name: "close" }), desk);
  assert.equal(next(desk, { name: "look" }), desk);
});

test("an answer that comes after the cashier moved on is dropped", () => {
  assert.equal(next(IDLE, { name: "found", member: ada }), IDLE);
  assert.equal(next(IDLE, { name: "settle", outcome }), IDLE);
});

test("nobody answered: the same act with the same request id is sent again", () => {
  const lost = walk(IDLE, { name: "look" }, { name: "found", member: ada }, { name: "submit", act }, { name: "lost" });
  assert.ok(lost.name === "unsent" && lost.act.request_id === "r-1");
  assert.equal(next(lost, { name: "submit", act: lost.act }).name, "submitting");
});

test("a refusal or a declined question leads back to the member", () => {
  const sent = walk(IDLE, { name: "look" }, { name: "found", member: ada }, { name: "submit", act });
  const refused = walk(sent, { name: "refuse", sentence: "Not enough points" }, { name: "close" });
  assert.deepEqual(refused, { name: "member", member: ada });
  const declined = walk(sent, { name: "ask", question: "Again?" }, { name: "close" });
  assert.deepEqual(declined, { name: "member", member: ada });
});

test("after an undo its member stays for the correction, unless another one is being served", () => {
  const undo = { ...act, request_id: "r-2", kind: /** @type {const} */ ("undo"), path: "undo" };
  const undone = { ...outcome, act: undo, undo: null, member: ada };
  const alone = walk(IDLE, { name: "submit", act: undo }, { name: "settle", outcome: undone }, { name: "close" });
  assert.deepEqual(alone, { name: "member", member: ada });
  const bruno = { ...ada, id: "2", name: "Bruno" };
  const busy = walk(
    { name: "member", member: bruno }, { name: "submit", act: undo }, { name: "settle", outcome: undone }, { name: "close" },
  );
  assert.deepEqual(busy, { name: "member", member: bruno });
});

test("an unknown code leads back to scanning", () => {
  assert.deepEqual(walk(IDLE, { name: "look" }, { name: "refuse", sentence: "Unknown" }, { name: "close" }), IDLE);
});

test("every state has a way on", () => {
  for (const [name, moves] of Object.entries(MOVES)) assert.ok(moves.length > 0, name);
});
