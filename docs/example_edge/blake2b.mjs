/**
 * BLAKE2b (RFC 7693) with digest length, key and personalisation: what Node's own crypto does not offer.
 *
 * A 64-bit word is two 32-bit halves in a Uint32Array, low half first, because JavaScript has no fast 64-bit integers.
 */

const IV = new Uint32Array([
  0xf3bcc908, 0x6a09e667, 0x84caa73b, 0xbb67ae85, 0xfe94f82b, 0x3c6ef372, 0x5f1d36f1, 0xa54ff53a,
  0xade682d1, 0x510e527f, 0x2b3e6c1f, 0x9b05688c, 0xfb41bd6b, 0x1f83d9ab, 0x137e2179, 0x5be0cd19,
]);

/** Which message word goes where, round by round; rounds 10 and 11 repeat 0 and 1. */
const SIGMA = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];

/** The columns, then the diagonals, of the 4 by 4 working matrix. */
const LANES = [
  [0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15],
  [0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14],
];

const BLOCK = 128; // bytes that one compression takes
const ROUNDS = 12;

/** v[a] += words[b], 64 bits. */
function add(v, a, words, b) {
  const low = v[2 * a] + words[2 * b];
  v[2 * a] = low;
  v[2 * a + 1] += words[2 * b + 1] + (low > 0xffffffff ? 1 : 0);
}

/** v[a] = (v[a] ^ v[b]) rotated right by 32, 24, 16 or 63 bits. */
function xorRotate(v, a, b, bits) {
  const low = v[2 * a] ^ v[2 * b];
  const high = v[2 * a + 1] ^ v[2 * b + 1];
  if (bits === 32) {
    v[2 * a] = high;
    v[2 * a + 1] = low;
  } else if (bits === 63) {
    v[2 * a] = (low << 1) | (high >>> 31);
    v[2 * a + 1] = (high << 1) | (low >>> 31);
  } else {
    v[2 * a] = (low >>> bits) | (high << (32 - bits));
    v[2 * a + 1] = (high >>> bits) | (low << (32 - bits));
  }
}

/** Take one block into the state `h`; `total` is how many bytes were taken with it. */
function compress(h, block, total, last) {
  const m = new Uint32Array(32);
  for (let i = 0; i < 32; i += 1) m[i] = block.readUInt32LE(4 * i);
  const v = new Uint32Array(32);
  v.set(h);
  v.set(IV, 16);
  v[24] ^= total; // totals here stay far below 2^32
  if (last) {
    v[28] = ~v[28];
    v[29] = ~v[29];
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    const order = SIGMA[round % 10];
    LANES.forEach(([a, b, c, d], lane) => {
      add(v, a, v, b);
      add(v, a, m, order[2 * lane]);
      xorRotate(v, d, a, 32);
      add(v, c, v, d);
      xorRotate(v, b, c, 24);
      add(v, a, v, b);
      add(v, a, m, order[2 * lane + 1]);
      xorRotate(v, d, a, 16);
      add(v, c, v, d);
      xorRotate(v, b, c, 63);
    });
  }
  for (let i = 0; i < 16; i += 1) h[i] ^= v[i] ^ v[i + 16];
}

/**
 * The digest of `data` as a Buffer of `length` bytes (1 to 64). `key` has at most 64 bytes, `person` at most 16
 * characters of ASCII, padded with zeros.
 */
export function blake2b(data, { length, key = Buffer.alloc(0), person = '' }) {
  const parameters = Buffer.alloc(64);
  parameters.set([length, key.length, 1, 1]); // fanout and depth 1: no tree
  parameters.write(person, 48, 'ascii');
  const h = new Uint32Array(16);
  for (let i = 0; i < 16; i += 1) h[i] = IV[i] ^ parameters.readUInt32LE(4 * i);

  const keyBlock = key.length > 0 ? Buffer.concat([key, Buffer.alloc(BLOCK - key.length)]) : key;
  const input = Buffer.concat([keyBlock, data]);
  const blocks = Math.max(1, Math.ceil(input.length / BLOCK));
  for (let i = 0; i < blocks; i += 1) {
    const block = Buffer.alloc(BLOCK);
    input.copy(block, 0, i * BLOCK, (i + 1) * BLOCK);
    const last = i === blocks - 1;
    compress(h, block, last ? input.length : (i + 1) * BLOCK, last);
  }
  const digest = Buffer.alloc(64);
  h.forEach((half, i) => digest.writeUInt32LE(half, 4 * i));
  return digest.subarray(0, length);
}
