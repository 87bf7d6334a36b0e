/**
 * Bring a new edge in with a claim code, without any package:
 *
 *     node enrol.mjs https://HOST:PORT VAKA1-… FOLDER
 *
 * Makes the edge's two keys, shows the code, and writes FOLDER/edge.json (readable by its owner only).
 */
import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';

import { readCode } from './claim.mjs';
import { signingRequest } from './signing_request.mjs';

const TIMEOUT = 15_000; // ms for one answer

/** One HTTPS request; the answer's body as text. */
function ask(url, options, body) {
  return new Promise((resolve, reject) => {
    const call = request(url, { timeout: TIMEOUT, ...options }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        if (answer.statusCode < 300) resolve(text);
        else reject(new Error(`${answer.statusCode}: ${text}`));
      });
    });
    call.on('timeout', () => call.destroy(new Error('no answer in time')));
    call.on('error', reject);
    call.end(body);
  });
}

const [base, code, folder] = process.argv.slice(2);
const { authority: fingerprint, secret } = readCode(code);
// Nobody is believed yet: whoever answers here must show the authority that the code names.
const authority = await ask(`${base}/api/v1/authority`, { rejectUnauthorized: false });
const digest = createHash('sha256').update(new X509Certificate(authority).raw).digest();
if (!digest.subarray(0, fingerprint.length).equals(fingerprint)) {
  throw new Error('this is not the authority that the claim code names');
}

const tlsKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const frameKey = generateKeyPairSync('x25519');
const answer = await ask(
  `${base}/api/v1/enrolment`,
  { method: 'POST', ca: authority, headers: { 'content-type': 'application/json' } },
  JSON.stringify({
    secret: secret.toString('hex'),
    public_key: frameKey.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex'),
    request: signingRequest(tlsKey),
  }),
);
const enrolled = JSON.parse(answer);
mkdirSync(folder, { recursive: true, mode: 0o700 });
const file = {
  edge: enrolled.edge,
  home: enrolled.home,
  broker_url: enrolled.broker_url,
  gateway_public_key: enrolled.gateway_public_key,
  private_key: frameKey.privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32).toString('hex'),
  devices: enrolled.devices,
  announces: false, // set it where something in the home can say "help is on its way"
  tls: {
    ca: authority,
    cert: enrolled.certificate,
    key: tlsKey.privateKey.export({ format: 'pem', type: 'pkcs8' }),
  },
};
writeFileSync(join(folder, 'edge.json'), JSON.stringify(file, null, 2), { mode: 0o600, flag: 'wx' });
process.stdout.write(`${enrolled.edge} of ${enrolled.home} is in\n`);
