/**
 * Member codes as the till reads them: their normal form and their shape.
 * Whether a code is genuine only the server can say, because only it holds the key of the seal.
 */

export const CODE_LENGTH = 26; // "M", key version, 8 of the id, 16 of the seal: QR version 2 in any encoder
const ID_END = 10; // what stays the same of "M" codes: the seal turns with each thing that is taken
const CARD_LENGTH = 18; // "R", key version, 8 of the id, 8 of the seal: the same in all codes of a card
const TIME_LENGTH = 18; // seconds and digits: they change every half minute
/** All lengths a code may have, the longest first: the end of a long one may look like a short one. */
export const CODE_LENGTHS = [CARD_LENGTH + TIME_LENGTH, CODE_LENGTH];

const CROCKFORD = "0-9A-HJKMNP-TV-Z"; // base32 without I, L, O and U
const CODE = new RegExp(`^(M[${CROCKFORD}]{${CODE_LENGTH - 1}}|R[${CROCKFORD}]{${CARD_LENGTH - 1}}\\d{${TIME_LENGTH}})$`);
const CODE_START = new RegExp(
  `^(M[${CROCKFORD}]{0,${CODE_LENGTH - 1}}|R[${CROCKFORD}]{0,${CARD_LENGTH - 1}}|R[${CROCKFORD}]{${CARD_LENGTH - 1}}\\d{0,${TIME_LENGTH}})$`,
);
const AIM_PREFIX = /^\]Q\d/i; // hand scanners may announce "this was a QR code"
const SEPARATORS = /[\s\p{Cc}\p{Pd}._]/gu;

/**
 * Upper case, without separators, with the letters people mistake for digits read as digits.
 * @param {string} text
 */
export function normalise(text) {
  return text
    .trim()
    .replace(AIM_PREFIX, "")
    .toUpperCase()
    .replace(SEPARATORS, "")
    .replace(/O/g, "0")
    .replace(/[IL]/g, "1");
}

/**
 * The member code that a text is, or null when it has another shape.
 * @param {string} text
 * @returns {string | null}
 */
export function memberCode(text) {
  const code = normalise(text);
  return CODE.test(code) ? code : null;
}

const VOUCHER = new RegExp(`^[A-HJKMNP-TV-Z][${CROCKFORD}]{9}$`);
const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/**
 * The voucher code that a text is, or null: its last character checks the nine before it.
 * @param {string} text
 * @returns {string | null}
 */
export function voucherCode(text) {
  const code = normalise(text);
  if (!VOUCHER.test(code)) return null;
  let total = 0;
  for (const character of code.slice(0, -1)) {
    const doubled = (total ^ DIGITS.indexOf(character)) << 1; // times x over GF(32)
    total = doubled & 32 ? doubled ^ 0b100101 : doubled;
  }
  return DIGITS[total] === code.at(-1) ? code : null;
}

/**
 * What tells one card's codes from another's, whenever they were drawn.
 * @param {string} code as `memberCode` gave it
 */
export function cardOf(code) {
  return code.slice(0, code.startsWith("R") ? CARD_LENGTH : ID_END);
}

/**
 * Whether more characters could still make this text a member code.
 * @param {string} text
 */
export function mayBecomeCode(text) {
  return CODE_START.test(normalise(text));
}
