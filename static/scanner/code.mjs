/**
 * Member codes as the till reads them: their normal form and their shape.
 * Whether a code is genuine only the server can say, because only it holds the key of the seal.
 */

export const CODE_LENGTH = 26; // "M", key version, 8 of the id, 16 of the seal: QR version 2 in any encoder

const CROCKFORD = "0-9A-HJKMNP-TV-Z"; // base32 without I, L, O and U
const CODE = new RegExp(`^M[${CROCKFORD}]{${CODE_LENGTH - 1}}$`);
const CODE_START = new RegExp(`^M[${CROCKFORD}]{0,${CODE_LENGTH - 1}}$`);
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

/**
 * Whether more characters could still make this text a member code.
 * @param {string} text
 */
export function mayBecomeCode(text) {
  return CODE_START.test(normalise(text));
}
