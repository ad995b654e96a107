import assert from "node:assert/strict";
import { test } from "node:test";

import { MINOR_DIGITS_MAX, fieldText, moneyText, parseAmount, payableMinor, press } from "../../static/scanner/amount.mjs";

const EURO_FR = { code: "EUR", digits: 2, locale: "fr" };
const EURO_EN = { code: "EUR", digits: 2, locale: "en" };
const EURO_DE = { code: "EUR", digits: 2, locale: "de" };
const YEN = { code: "JPY", digits: 0, locale: "en" };
const DINAR = { code: "KWD", digits: 3, locale: "en" };

test("typed amounts are read in both languages' ways", () => {
  for (const currency of [EURO_FR, EURO_EN]) {
    for (const [text, amountMinor] of /** @type {[string, number][]} */ ([
      ["12,50", 1250], ["12.50", 1250], ["12,5", 1250], ["12.5", 1250], ["12", 1200], ["0,05", 5], [".5", 50],
      ["1 234,56", 123456], ["1\u202f234,56", 123456], ["1\u00a0234,56 €", 123456], ["1'234.50", 123450],
      ["1,234.56", 123456], ["1.234,56", 123456], ["€12.50", 1250], ["12,50 EUR", 1250], ["007", 700],
      ["1,234,567.89", 123456789],
    ])) {
      assert.equal(parseAmount(text, currency), amountMinor, `${text} (${currency.locale})`);
    }
  }
});

test("three digits after a lone sign are thousands only where the locale writes thousands so", () => {
  assert.equal(parseAmount("1,234", EURO_EN), 123400);
  assert.equal(parseAmount("1.234", EURO_DE), 123400);
  assert.equal(parseAmount("12.345", EURO_FR), null);
  assert.equal(parseAmount("1.234.567", EURO_FR), 123456700);
  assert.equal(parseAmount("1,234", EURO_FR), null);
  assert.equal(parseAmount("1.234", EURO_EN), null);
});

test("what is no amount is refused", () => {
  for (const text of ["", "abc", "-5", "1,2,3", "12.5.0", "1.2345", "12,34,56", ",", "1e3", "0x10", "12 50 x", "１２",
    "99999999999"]) {
    assert.equal(parseAmount(text, EURO_FR), null, text);
  }
});

test("currencies without cents and with thousandths keep their own decimals", () => {
  assert.equal(parseAmount("1250", YEN), 1250);
  assert.equal(parseAmount("1,250", YEN), 1250);
  assert.equal(parseAmount("12.5", YEN), null);
  assert.equal(parseAmount("1.234", DINAR), 1234);
  assert.equal(fieldText(1250, YEN), "1250");
  assert.equal(fieldText(1250, DINAR), "1.250");
});

test("keypad digits push the cents to the left", () => {
  const keys = ["1", "2", "5", "0"];
  assert.equal(keys.reduce(press, 0), 1250);
  assert.equal(press(1250, "back"), 125);
  assert.equal(press(1250, "clear"), 0);
  assert.equal(press(12, "00"), 1200);
  assert.equal(press(0, "00"), 0);
});

test("the keypad stops at the longest amount", () => {
  const full = Number("9".repeat(MINOR_DIGITS_MAX));
  assert.equal(press(full, "9"), full);
  assert.equal(press(full, "00"), full);
});

test("the field's own text is read back as the same amount", () => {
  for (const currency of [EURO_FR, EURO_EN, YEN, DINAR]) {
    for (const amountMinor of [0, 1, 5, 10, 99, 100, 1250, 123456, 999999999]) {
      assert.equal(parseAmount(fieldText(amountMinor, currency), currency), amountMinor);
      assert.equal(parseAmount(moneyText(amountMinor, currency), currency), amountMinor);
    }
  }
});

test("credit pays what is there, and no more of a bill than the program allows", () => {
  const half = { available_minor: 1000, share_max_percent: 50 };
  assert.equal(payableMinor(1201, half), 600);
  assert.equal(payableMinor(9000, half), 1000);
  assert.equal(payableMinor(0, half), 0);
  assert.equal(payableMinor(500, { available_minor: -20, share_max_percent: 100 }), 0);
});
