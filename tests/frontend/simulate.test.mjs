/** The simulated phones' page: what is said and pointed out. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { changedInCard, luminance } from "../../static/simulate/card.mjs";
import { fill, size } from "../../static/simulate/dom.mjs";
import { groups, sentence } from "../../static/simulate/log.mjs";
import { changedInPass } from "../../static/simulate/pass.mjs";

const START = Date.parse("2026-01-01T12:00:00Z");

/**
 * @param {string} code
 * @param {number} after milliseconds
 * @param {Record<string, any>} [facts]
 */
function line(code, after, facts = {}) {
  const at = new Date(START + after).toISOString();
  return { id: code + after, at, code, card: "", good: true, facts };
}

test("a push and its consequences are one group", () => {
  const lines = [line("push", 0), line("listed", 20), line("fetched", 40), line("push", 60)];
  assert.deepEqual(
    groups(lines).map((group) => group.map((one) => one.code)),
    [["push", "listed", "fetched"], ["push"]],
  );
});

test("a step after a pause begins a new group", () => {
  assert.equal(groups([line("fetched", 0), line("unchanged", 6000)]).length, 2);
});

test("a sentence has its facts and sizes in the reader's way", () => {
  const sentences = { fetched: "Fetched %(size)s" };
  assert.equal(sentence(line("fetched", 0, { bytes: 12345 }), sentences, "en"), "Fetched 12.3 kB");
  assert.equal(size(2_500_000, "fr").replace(/\s/g, " "), "2,5 Mo");
});

test("a failure says when it is tried again, if it is", () => {
  const sentences = { failed: "No: %(problem)s", failed_retry: "No, in %(retry_seconds)s: %(problem)s" };
  const once = line("failed", 0, { problem: "503", retry_seconds: null });
  const again = line("failed", 0, { problem: "503", retry_seconds: 2 });
  assert.equal(sentence(once, sentences, "en"), "No: 503");
  assert.equal(sentence(again, sentences, "en"), "No, in 2: 503");
});

test("a code without a sentence is shown as it is", () => {
  assert.equal(sentence(line("brand_new", 0), {}, "en"), "brand_new");
});

test("unknown places are left empty", () => {
  assert.equal(fill("%(a)s and %(b)s", { a: "one" }), "one and ");
});

/** @param {string} value */
function passFace(value) {
  const field = { key: "balance", label: "Points", value, links: [] };
  return /** @type {any} */ ({ header: [field], primary: [], secondary: [], auxiliary: [] });
}

test("a changed field of a pass is found, a new card has none", () => {
  assert.deepEqual([...changedInPass(passFace("1"), passFace("2"))], ["balance"]);
  assert.deepEqual([...changedInPass(passFace("1"), passFace("1"))], []);
  assert.deepEqual([...changedInPass(undefined, passFace("1"))], []);
});

/** @param {string} value */
function cardFace(value) {
  return /** @type {any} */ ({ points: [{ label: "Points", value }], account: [], rows: [] });
}

test("a changed value of a Google card is found", () => {
  assert.deepEqual([...changedInCard(cardFace("1"), cardFace("2"))], ["Points"]);
  assert.deepEqual([...changedInCard(undefined, cardFace("2"))], []);
});

test("luminance knows short and long colours", () => {
  assert.equal(luminance("#fff"), 1);
  assert.equal(luminance("#000000"), 0);
  assert.ok(luminance("#3b2417") < 0.1);
});
