/**
 * Does this implementation make the bytes of docs/vectors? Ends with 1 and says where it does not.
 *
 *     node check.mjs
 */
import { readFileSync } from 'node:fs';

import { readCode } from './claim.mjs';
import { frameKeys, publicOf, read, seal, shardOf } from './frame.mjs';
import { statement } from './renewing.mjs';

const bytes = (hex) => Buffer.from(hex, 'hex');
const vectorsOf = (name) => JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url)));
const vectors = vectorsOf('seal');
const wrong = [];
let checked = 0;

function same(what, made, known) {
  checked += 1;
  if (made !== known) wrong.push(`${what}: made ${made}, should be ${known}`);
}

const { up, down } = frameKeys(bytes(vectors.edge_private), bytes(vectors.gateway_public));
const keys = { key_up: up, key_down: down };
same('edge_public', publicOf(bytes(vectors.edge_private)).toString('hex'), vectors.edge_public);
same('gateway_public', publicOf(bytes(vectors.gateway_private)).toString('hex'), vectors.gateway_public);
same('key_up', up.toString('hex'), vectors.key_up);
same('key_down', down.toString('hex'), vectors.key_down);
for (const { home, shard } of vectors.shards) same(`shard of ${home}`, shardOf(home), shard);
for (const { what, key, body, frame } of vectors.frames) {
  const fields = read(keys[key], bytes(frame));
  same(`${what}, body`, fields?.body, body);
  if (fields !== null) same(`${what}, frame`, seal(keys[key], fields).toString('hex'), frame);
}
for (const { what, key, frame } of vectors.refused) same(what, read(keys[key], bytes(frame)), null);
for (const { code, authority, secret } of vectorsOf('claim')) {
  const halves = readCode(code);
  same(`${code}, authority`, halves.authority.toString('hex'), authority);
  same(`${code}, secret`, halves.secret.toString('hex'), secret);
}
for (const known of vectorsOf('certificate')) {
  const made = statement(known.edge, known.certificate, known.request).toString('hex');
  same(`statement ${known.request === null ? 'without' : 'with'} a request`, made, known.statement);
}

process.stdout.write(wrong.length === 0 ? `${checked} of ${checked} as they should be\n` : `${wrong.join('\n')}\n`);
process.exitCode = wrong.length === 0 ? 0 : 1;
