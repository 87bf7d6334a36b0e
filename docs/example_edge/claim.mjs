/** Claim codes: `VAKA1-` and 32 characters of Crockford's base 32, two halves of 80 bits. */

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const HALF = 10; // bytes

/** The code as somebody typed it: the beginning of the authority's fingerprint, and the secret. */
export function readCode(code) {
  const typed = code.toUpperCase().replaceAll(/[\s-]/g, '').replace(/^VAKA1/, '');
  const plain = typed.replaceAll('O', '0').replaceAll(/[IL]/g, '1');
  if (plain.length !== 32 || [...plain].some((sign) => !ALPHABET.includes(sign))) {
    throw new Error('this is no claim code');
  }
  let value = 0n;
  for (const sign of plain) value = (value << 5n) | BigInt(ALPHABET.indexOf(sign));
  const bytes = Buffer.from(value.toString(16).padStart(4 * HALF, '0'), 'hex');
  return { authority: bytes.subarray(0, HALF), secret: bytes.subarray(HALF) };
}
