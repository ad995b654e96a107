import assert from "node:assert/strict";
import { test } from "node:test";

import { Burst, CODE_GAP_MS, KEY_GAP_MS } from "../../static/scanner/wedge.mjs";

const CODE = "M104HA3N7DBVDQZX9RKTWE2580";
const AZERTY_DIGITS = "à&é\"'(-è_ç"; // what the digit row gives without Shift
const AZERTY_LETTERS = /** @type {Record<string, string>} */ ({ A: "Q", Q: "A", W: "Z", Z: "W", M: "?" });

/**
 * The strokes a scanner set to US keys makes on a layout.
 * @param {string} text
 * @param {(character: string) => string} layout
 * @param {number} gap milliseconds
 */
function strokes(text, layout, gap = 5) {
  return [...text].map((character, index) => ({
    key: layout(character),
    code: /\d/.test(character) ? `Digit${character}` : `Key${character}`,
    at: 1000 + index * gap,
  }));
}

/** @param {{key: string, code: string, at: number}[]} list */
function burstOf(list) {
  const burst = new Burst();
  for (const stroke of list) burst.add(stroke);
  return burst;
}

/** @param {string} character */
const us = (character) => character;
/** @param {string} character */
const capsLock = (character) => character.toLowerCase();
/** @param {string} character */
const azerty = (character) => (/\d/.test(character) ? AZERTY_DIGITS[Number(character)] : (AZERTY_LETTERS[character] ?? character));
/** @param {string} character */
const azertyCapsLock = (character) =>
  /\d/.test(character) ? character : (AZERTY_LETTERS[character] ?? character).toLowerCase().replace("?", ",");

test("a scanner is understood on every layout, with and without caps lock", () => {
  for (const layout of [us, capsLock, azerty, azertyCapsLock]) {
    const burst = burstOf(strokes(CODE, layout));
    assert.ok(burst.mayBecomeCode);
    assert.equal(burst.memberCode, CODE, layout.name);
  }
});

test("a scanner set to the same French layout as the computer is understood by its characters", () => {
  const list = strokes(CODE, us).map((stroke) => ({ ...stroke, code: "" }));
  assert.equal(burstOf(list).memberCode, CODE);
});

test("a slow key starts anew, but a member code may stutter", () => {
  const person = burstOf(strokes("1250", us, KEY_GAP_MS + 1).map((stroke) => ({ ...stroke, inField: true })));
  assert.equal(person.length, 1);
  assert.equal(burstOf(strokes(CODE, us, CODE_GAP_MS)).memberCode, CODE);
  assert.equal(burstOf(strokes(CODE, us, CODE_GAP_MS + 1)).memberCode, null);
});

test("outside of fields nobody types, so every burst may stutter", () => {
  const article = "3017620422003";
  assert.equal(burstOf(strokes(article, us, KEY_GAP_MS * 3)).text, article);
  assert.equal(burstOf(strokes(article, us, CODE_GAP_MS + 1)).length, 1);
});

test("characters of a burst before do not spoil the next one", () => {
  const burst = burstOf(strokes("77", us));
  for (const stroke of strokes(CODE, us)) burst.add({ ...stroke, at: stroke.at + 1000 });
  assert.equal(burst.memberCode, CODE);
});

test("a key touched just before a scan does not spoil it", () => {
  assert.equal(burstOf(strokes(`M${CODE}`, us)).memberCode, CODE);
  assert.equal(burstOf(strokes(`12${CODE}`, azerty)).memberCode, CODE);
});

test("a fast amount is no member code", () => {
  const burst = burstOf(strokes("1250", us, 0));
  assert.ok(!burst.mayBecomeCode);
  assert.equal(burst.memberCode, null);
});

test("an article's bar code is given as digits on a French layout too", () => {
  assert.equal(burstOf(strokes("3017620422003", us)).text, "3017620422003");
  assert.equal(burstOf(strokes("3017620422003", azerty)).text, "3017620422003");
});

test("an endless burst does not grow without end", () => {
  const burst = burstOf(strokes("7".repeat(5000), us, 1));
  assert.ok(burst.length <= 512);
});

test("a rotating code is never cut to what looks like a member code", () => {
  // Its last 26 characters begin with an M and would pass for a static code.
  const turning = "R104HA3N7DMVDQZX9R177348041394287082";
  assert.equal(burstOf(strokes(turning, us)).memberCode, turning);
  assert.equal(burstOf(strokes(`12${turning}`, azerty)).memberCode, turning);
});
