import assert from "node:assert/strict";
import { test } from "node:test";

import { Acts, newRequestId } from "../../static/scanner/acts.mjs";
import { SameCard } from "../../static/scanner/same_card.mjs";

const SALE = { member_id: "mbr_1", amount_minor: 1250 };
const MINUTE = 60_000;

test("every act has an id of its own", () => {
  const acts = new Acts();
  const first = acts.make("purchase", "purchases", SALE, 0);
  assert.notEqual(acts.make("purchase", "purchases", SALE, 0).request_id, first.request_id);
  assert.deepEqual(first.body, { request_id: first.request_id, ...SALE });
});

test("what nobody answered keeps its id when it is done again", () => {
  const acts = new Acts();
  const lost = acts.make("purchase", "purchases", SALE, 0);
  acts.keep({ ...lost, body: { ...lost.body, confirm_repeat: true } }, 0);
  assert.equal(acts.make("purchase", "purchases", { ...SALE }, MINUTE).request_id, lost.request_id);
  const other = acts.make("purchase", "purchases", { ...SALE, amount_minor: 1251 }, MINUTE);
  assert.notEqual(other.request_id, lost.request_id);
});

test("an answer, or ten minutes, make the same facts a new act", () => {
  const acts = new Acts();
  const lost = acts.make("purchase", "purchases", SALE, 0);
  acts.keep(lost, 0);
  assert.notEqual(acts.make("purchase", "purchases", SALE, 11 * MINUTE).request_id, lost.request_id);
  acts.settle(lost);
  assert.notEqual(acts.make("purchase", "purchases", SALE, MINUTE).request_id, lost.request_id);
});

test("ids are random UUIDs with and without a secure address", () => {
  const form = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  assert.match(newRequestId(), form);
  const real = crypto.randomUUID;
  Object.defineProperty(crypto, "randomUUID", { value: undefined, configurable: true });
  try {
    assert.match(newRequestId(), form);
  } finally {
    Object.defineProperty(crypto, "randomUUID", { value: real, configurable: true });
  }
});

test("a card that stays in view is not scanned again", () => {
  const card = new SameCard();
  card.take("M1", 0);
  card.letGo(10_000);
  for (let at = 10_000; at < 60_000; at += 500) assert.ok(card.isStillThere(["M1"], at), String(at));
});

test("a card that was taken away and comes back is a new visit", () => {
  const card = new SameCard();
  card.take("M1", 0);
  card.letGo(1_000);
  assert.ok(card.isStillThere(["M1"], 2_000));
  assert.ok(card.isStillThere(["M1"], 5_500), "not within five seconds");
  assert.ok(!card.isStillThere(["M1"], 9_000));
});

test("another card, or a second one beside it, is never the same", () => {
  const card = new SameCard();
  card.take("M1", 0);
  assert.ok(!card.isStillThere(["M2"], 100));
  assert.ok(!card.isStillThere(["M1", "M2"], 100));
  assert.ok(!card.isStillThere([], 100));
});
