/**
 * Renewal of the edge's certificate: show it about once a day, and do what the gateway says.
 *
 *     ask -> not_yet: tomorrow again
 *         -> renew: make a key, keep it, ask with a request -> issued: keep it, connect with it, ask once more
 *         -> refused, or no answer: go on with what there is
 */
import { createHash, generateKeyPairSync, sign, createPrivateKey, createPublicKey } from 'node:crypto';

import { signingRequest } from './signing_request.mjs';

const FIRST = 600_000; // ms from the start, times 0.5 to 1 by chance: alarms go first after a power cut
const DAILY = 86_400_000; // ms between asks, likewise
const RETRY = [60_000, 300_000, 1_800_000, 7_200_000, 21_600_000]; // ms without an answer, likewise; the last repeats

const byChance = (ms) => ms * (0.5 + Math.random() / 2);

/** What the present certificate's key signs. */
export function statement(edge, certificate, request) {
  const digests = [edge, certificate, request ?? ''].map((part) => createHash('sha256').update(part).digest());
  return Buffer.concat([Buffer.from('vaka1-certificate'), ...digests]);
}

export class Renewing {
  /** `tls` is edge.json's; `keep(tls)` writes it durably; `send(fields)` sends a frame; `reconnect()` ends the line. */
  constructor(edge, tls, { keep, send, reconnect, now, first = FIRST }) {
    Object.assign(this, { edge, tls, keep, send, reconnect });
    this.asked = 0;
    this.open = null; // number of the ask that waits for its answer
    this.unanswered = 0;
    this.wanted = false; // whether the next ask has a request
    this.due = now + byChance(first);
  }

  /** To be called while connected: ask if it is time. */
  tick(now) {
    if (now < this.due) return;
    this.due = now + byChance(RETRY[Math.min(this.unanswered, RETRY.length - 1)]);
    this.unanswered += 1;
    const request = this.wanted ? this.#request() : undefined;
    const signed = statement(this.edge, this.tls.cert, request);
    const proof = sign('sha256', signed, this.tls.key).toString('hex');
    this.asked += 1;
    this.open = this.asked;
    this.send({ beat: BigInt(this.asked), body: JSON.stringify({ certificate: this.tls.cert, proof, request }) });
  }

  /** An answer whose tag, edge and run fit; nothing unless it is the first one to the newest ask. */
  take({ beat, body }, now) {
    if (this.open === null || beat !== BigInt(this.open)) return null;
    this.open = null;
    this.unanswered = 0;
    const { outcome, certificate } = JSON.parse(body);
    this.wanted = outcome === 'renew';
    this.due = now + (outcome === 'renew' || outcome === 'issued' ? 0 : byChance(DAILY));
    if (outcome === 'issued') {
      const { next, ...tls } = this.tls;
      this.tls = { ...tls, cert: certificate, key: next };
      this.keep(this.tls);
      this.reconnect();
    }
    return outcome;
  }

  /** For the next key, which is on the disk before it is asked for: a lost answer is then asked for again. */
  #request() {
    if (this.tls.next === undefined) {
      const made = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      this.tls = { ...this.tls, next: made.privateKey.export({ format: 'pem', type: 'pkcs8' }) };
      this.keep(this.tls);
    }
    const privateKey = createPrivateKey(this.tls.next);
    return signingRequest({ privateKey, publicKey: createPublicKey(privateKey) });
  }
}
