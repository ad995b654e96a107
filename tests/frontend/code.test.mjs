import assert from "node:assert/strict";
import { test } from "node:test";

import { cardOf, mayBecomeCode, memberCode, normalise, voucherCode } from "../../static/scanner/code.mjs";

const CODE = "M104HA3N7DBVDQZX9RKTWE2580";

test("a member code is read as it is printed", () => {
  assert.equal(memberCode(CODE), CODE);
  assert.equal(memberCode(CODE.toLowerCase()), CODE);
  assert.equal(memberCode("M1-04HA-3N7D-BVDQ-ZX9R-KTWE-2580"), CODE);
  assert.equal(memberCode(` M1 04HA 3N7D BVDQ ZX9R KTWE 2580\r\n`), CODE);
});

test("letters mistaken for digits are read as digits", () => {
  assert.equal(normalise("oO iI lL"), "001111");
  assert.equal(memberCode("MIO4HA3N7DBVDQZX9RKTWE258O"), "M104HA3N7DBVDQZX9RKTWE2580");
});

test("what a hand scanner puts before the code is dropped", () => {
  assert.equal(memberCode(`]Q1${CODE}`), CODE);
  assert.equal(memberCode(`\u0002${CODE}\u0003`), CODE);
});

test("other shapes are no member codes", () => {
  for (const text of ["", "M1", CODE.slice(1), `${CODE}0`, CODE.replace("M", "N"), CODE.replace("H", "U"),
    "https://example.org/", "3017620422003", "\ud800".repeat(26)]) {
    assert.equal(memberCode(text), null, text);
  }
});

test("a beginning of a code may become one", () => {
  for (let length = 1; length <= CODE.length; length += 1) assert.ok(mayBecomeCode(CODE.slice(0, length)));
  assert.ok(!mayBecomeCode("12.50"));
  assert.ok(!mayBecomeCode(`${CODE}0`));
});

const CARD = "R104HA3N7DBVDQZX9R"; // what stays
const TURNING = `${CARD}177348041394287082`;

test("a rotating code is read, and its card is told from the time on it", () => {
  assert.equal(TURNING.length, 36);
  assert.equal(memberCode(TURNING.toLowerCase()), TURNING);
  assert.equal(memberCode(`]Q1${TURNING}\r`), TURNING);
  assert.equal(cardOf(TURNING), CARD);
  assert.equal(cardOf(CODE), CODE.slice(0, 10)); // the code on an iPhone keeps only its id
  for (const text of [TURNING.slice(0, -1), `${TURNING}0`, `${TURNING.slice(0, -1)}A`, CARD]) {
    assert.equal(memberCode(text), null, text);
  }
});

test("a beginning of a rotating code may become one", () => {
  for (let length = 1; length <= TURNING.length; length += 1) assert.ok(mayBecomeCode(TURNING.slice(0, length)));
  assert.ok(!mayBecomeCode(`${CARD}A`));
  assert.ok(!mayBecomeCode(`${TURNING}0`));
});

test("a voucher's code is told by its check character", () => {
  for (const code of ["A00000000Z", "B000000005", "F261TA1001", "ZZZZZZZZZX"]) {
    assert.equal(voucherCode(`${code.slice(0, 5).toLowerCase()}-${code.slice(5)}`), code);
    const other = code[4] === "0" ? "1" : "0";
    assert.equal(voucherCode(code.slice(0, 4) + other + code.slice(5)), null);
  }
  assert.equal(voucherCode("0612345678"), null);
});
