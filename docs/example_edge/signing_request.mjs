/** A signing request (PKCS #10) for a P-256 key, byte by byte: Node's own crypto makes none. */
import { sign } from 'node:crypto';

const TAG = { integer: 0x02, bits: 0x03, sequence: 0x30, attributes: 0xa0 };
const ECDSA_SHA256 = Buffer.from('06082a8648ce3d040302', 'hex'); // 1.2.840.10045.4.3.2

function der(tag, ...parts) {
  const content = Buffer.concat(parts);
  const { length } = content;
  let size = [length]; // in as few bytes as there are
  if (length > 255) size = [0x82, length >> 8, length & 255];
  else if (length > 127) size = [0x81, length];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

/** The request in PEM, with an empty subject: the gateway does not read it. */
export function signingRequest({ publicKey, privateKey }) {
  const info = der(
    TAG.sequence,
    der(TAG.integer, Buffer.from([0])), // version
    der(TAG.sequence), // subject
    publicKey.export({ format: 'der', type: 'spki' }),
    der(TAG.attributes),
  );
  const signature = der(TAG.bits, Buffer.from([0]), sign('sha256', info, privateKey));
  const whole = der(TAG.sequence, info, der(TAG.sequence, ECDSA_SHA256), signature);
  const lines = whole.toString('base64').match(/.{1,64}/g);
  return ['-----BEGIN CERTIFICATE REQUEST-----', ...lines, '-----END CERTIFICATE REQUEST-----', ''].join('\n');
}
