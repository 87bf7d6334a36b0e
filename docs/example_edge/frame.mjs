/**
 * The frame of docs/asyncapi.yaml: 42 bytes of header, the edge's id, a body, and an authenticator of 16 bytes.
 *
 * Everything here is a function of its arguments. 64-bit numbers are BigInts.
 */
import { createPrivateKey, createPublicKey, diffieHellman, timingSafeEqual } from 'node:crypto';

import { blake2b } from './blake2b.mjs';

export const KIND = {
  facts: 1, lost: 2, heartbeat: 3, receipt: 4, command: 5, certificate_ask: 6, certificate_answer: 7,
};
export const STREAM = { none: 0, alarm: 1, access: 2, record: 3 };
export const STREAMS = ['alarm', 'access', 'record'];

const VERSION = 1;
const HEADER = 42; // bytes before the edge's id
const TAG = 16; // bytes of authenticator at the end
export const MAX_FRAME = 65536; // bytes, by the document

/** RFC 8410: what stands before 32 bytes of X25519 private or public key in DER. */
const PRIVATE_DER = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PUBLIC_DER = Buffer.from('302a300506032b656e032100', 'hex');

/** The public half, 32 bytes, of a private X25519 key of 32 bytes. */
export function publicOf(privateBytes) {
  return createPublicKey(privateKey(privateBytes)).export({ format: 'der', type: 'spki' }).subarray(PUBLIC_DER.length);
}

function privateKey(bytes) {
  return createPrivateKey({ key: Buffer.concat([PRIVATE_DER, bytes]), format: 'der', type: 'pkcs8' });
}

/** The keys of both directions, `{up, down}`, from the edge's private and the gateway's public key. */
export function frameKeys(edgePrivate, gatewayPublic) {
  const gateway = createPublicKey({ key: Buffer.concat([PUBLIC_DER, gatewayPublic]), format: 'der', type: 'spki' });
  const shared = diffieHellman({ privateKey: privateKey(edgePrivate), publicKey: gateway });
  const both = Buffer.concat([publicOf(edgePrivate), gatewayPublic]);
  const of = (person) => blake2b(both, { length: 32, key: shared, person });
  return { up: of('vaka1-up'), down: of('vaka1-down') };
}

/** The shard of a home, 0 to 255, as it stands in every topic. */
export function shardOf(home) {
  return blake2b(Buffer.from(home), { length: 1, person: 'vaka-shard' })[0];
}

function tagOf(key, sealed) {
  return blake2b(sealed, { length: TAG, key, person: 'vaka1-frame' });
}

/** The bytes of a frame. `fields` as `read` gives them; `body` is text. */
export function seal(key, { kind, stream = 'none', edge, count = 0, epoch = 0n, first = 0n, run, beat, body }) {
  const header = Buffer.alloc(HEADER);
  header.write('VK', 0, 'ascii');
  header.set([VERSION, KIND[kind], STREAM[stream], edge.length], 2);
  header.writeUInt32BE(count, 6);
  [epoch, first, run, beat].forEach((value, i) => header.writeBigUInt64BE(BigInt(value), 10 + 8 * i));
  const sealed = Buffer.concat([header, Buffer.from(edge, 'ascii'), Buffer.from(body, 'utf8')]);
  return Buffer.concat([sealed, tagOf(key, sealed)]);
}

/** A frame's fields, or null where it is not one of ours: too short or long, another magic or version, a wrong tag. */
export function read(key, bytes) {
  if (bytes.length < HEADER + TAG || bytes.length > MAX_FRAME) return null;
  const sealed = bytes.subarray(0, bytes.length - TAG);
  if (!timingSafeEqual(tagOf(key, sealed), bytes.subarray(bytes.length - TAG))) return null;
  const [version, kind, stream, edgeLength] = sealed.subarray(2, 6);
  if (sealed.toString('ascii', 0, 2) !== 'VK' || version !== VERSION) return null;
  return {
    kind: Object.keys(KIND).find((name) => KIND[name] === kind),
    stream: Object.keys(STREAM).find((name) => STREAM[name] === stream),
    count: sealed.readUInt32BE(6),
    epoch: sealed.readBigUInt64BE(10),
    first: sealed.readBigUInt64BE(18),
    run: sealed.readBigUInt64BE(26),
    beat: sealed.readBigUInt64BE(34),
    edge: sealed.toString('ascii', HEADER, HEADER + edgeLength),
    body: sealed.toString('utf8', HEADER + edgeLength),
  };
}

/** An epoch as it is written in JSON. */
export function epochText(epoch) {
  return epoch.toString(16).padStart(16, '0');
}
