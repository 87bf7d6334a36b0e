/**
 * An edge for Vaka in JavaScript, written from docs/asyncapi.yaml: no package, Node 20 or newer.
 *
 *     node edge.mjs FOLDER            FOLDER/edge.json as enrol.mjs writes it; facts are kept in FOLDER/journal
 *
 * It stands where the drivers of a real edge would stand: each line on stdin is one thing that a device said.
 *
 *     {"device": "device-…", "event": {"type": "help_called"}}
 *     {"command": "command-…", "outcome": "done", "reason": null, "state": "unlocked"}
 *
 * Each line on stdout says in JSON what happened: connected, stated, receipted, refused, unkept, certificate,
 * disconnected; or what a device shall do (`command`, with id, action, device and message), which a line as the second
 * one above must answer. What it lacks stands in docs/write_an_edge.md.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { Commands } from './commands.mjs';
import { Coverage } from './coverage.mjs';
import { epochText, frameKeys, read, seal, shardOf, STREAMS } from './frame.mjs';
import { Journal, writeWhole } from './journal.mjs';
import { Connection } from './mqtt.mjs';
import { Renewing } from './renewing.mjs';
import { Stream } from './stream.mjs';

const HEARTBEAT = 30_000; // ms
const TICK = 500; // ms between two looks at what is due
const RELEASE = 3_600_000; // ms between two looks at what may be deleted
const RECONNECT = 1_000; // ms between attempts, by chance up to twice as long
const EPOCHS_NAMED = 24; // epochs that one heartbeat names at most
const MAX_ENVELOPE = 4_096; // bytes
const ANSWER = 12_000; // ms that a device gets to say what came of a command; people wait for 14 s
const MAX_HELD = 200_000; // facts of this run; beyond it only alarms are stated
const UNCERTAINTY = 3_600_000_000; // microseconds: nobody told this program whether the machine's clock is right
const SOFTWARE = 'vaka-example-edge-js 1';

const STREAM_OF = JSON.parse(readFileSync(new URL('../schemas/streams.json', import.meta.url)));

const steady = () => Number(process.hrtime.bigint() / 1000n); // microseconds
const wall = () => Date.now() * 1000; // microseconds since 1970

function say(what, more = {}) {
  process.stdout.write(`${JSON.stringify({ what, ...more })}\n`);
}

/** One run of an edge, this one or an earlier one, and its three streams. */
class Epoch {
  constructor(epoch, path) {
    this.epoch = epoch;
    this.text = epochText(epoch);
    this.path = path;
    this.streams = Object.fromEntries(STREAMS.map((name) => [name, new Stream(name)]));
  }

  get drained() {
    return STREAMS.every((name) => this.streams[name].drained);
  }

  /** Its row in a heartbeat. */
  held() {
    const row = ({ lowest, receipted, head }) => ({ lowest, receipted, head });
    return { epoch: this.text, ...Object.fromEntries(STREAMS.map((name) => [name, row(this.streams[name])])) };
  }
}

class Edge {
  /** `keep(config)` writes edge.json. */
  constructor(config, journal, keep) {
    this.config = config;
    this.keep = keep;
    this.journal = journal;
    this.keys = frameKeys(Buffer.from(config.private_key, 'hex'), Buffer.from(config.gateway_public_key, 'hex'));
    this.root = `vaka/v1/${shardOf(config.home)}/${config.edge}`;
    this.line = null;
    this.refused = false;
    this.earlier = journal.load().map(readEpoch); // oldest first
    this.#open();
    this.coverage = new Coverage(config.devices, (fact) => this.state(fact), Date.now());
    this.coverage.begin(Date.now());
    this.commands = new Commands({ ...config, run: this.run.epoch });
    this.#remember();
    this.renewing = config.tls === undefined ? null : this.#renewing();
  }

  #renewing() {
    return new Renewing(this.config.edge, this.config.tls, {
      keep: (tls) => this.keep(Object.assign(this.config, { tls })),
      send: (fields) => this.#send('certificate_ask', 'certificate', fields, 0),
      reconnect: () => this.line.end(),
      now: steady() / 1000,
      first: this.config.first_ask,
    });
  }

  /** Begin a new epoch: its first fact on the record stream names the one before. */
  #open() {
    const before = this.earlier.at(-1);
    const epoch = randomBytes(8).readBigUInt64BE() >> 1n; // 63 bits
    this.run = new Epoch(epoch, this.journal.open(epochText(epoch)));
    this.began = steady();
    this.beat = 0n;
    this.position = 0;
    const heads = before === undefined ? [] : STREAMS.map((stream) => ({ stream, seq: before.streams[stream].head }));
    this.state({ event: { type: 'epoch_opened', predecessor: before?.text ?? null, heads, software: SOFTWARE } });
  }

  /** Commands of earlier runs are not met again; one that was taken and has no end is in doubt for good. */
  #remember() {
    const taken = new Map();
    for (const { streams } of this.earlier) {
      for (const text of streams.access.held.values()) {
        const { event, device } = JSON.parse(text);
        if (event.type === 'command_taken') taken.set(event.command, device);
        if (event.type === 'command_ended') taken.delete(event.command);
        if (event.command) this.commands.know(event.command);
      }
    }
    for (const [command, device] of taken) this.#end(command, device, { outcome: 'unknown', reason: 'interrupted' });
  }

  #end(command, device, { outcome, reason = null, state = null }) {
    this.state({ device, event: { type: 'command_ended', command, outcome, reason, state } });
  }

  /** A command frame: on the disk that it was taken, and only then a word to the device. */
  #obey(frame) {
    const before = this.commands.challenge;
    const found = this.commands.take(frame, steady() - this.began);
    if (this.commands.challenge !== before) this.sendHeartbeat();
    if (found === null) return;
    const { command: { id, action, actor, message = null }, device } = found;
    let { reason } = found;
    if (reason === null) {
      const kept = this.state({ device, event: { type: 'command_taken', command: id, action, actor } });
      reason = kept ? this.commands.late(found.command, steady() - this.began) : 'journal';
      if (reason !== null) this.commands.ended(id);
    }
    if (reason !== null) {
      this.#end(id, device, { outcome: 'refused', reason });
      return;
    }
    say('command', { id, action, device, message });
    setTimeout(() => this.answer({ command: id, outcome: 'unknown', reason: 'no_answer' }), ANSWER);
  }

  /** A device says what came of a command; the first answer counts. */
  answer({ command: id, outcome, reason = null, state = null }) {
    const over = this.commands.ended(id);
    if (over === null) return;
    if (outcome === 'done' && reason === null && over.command.action !== 'announce') {
      const event = { type: 'lock_operated', state: state ?? 'unknown', cause: 'command', command: id };
      this.state({ device: over.device, event });
    }
    this.#end(id, over.device, { outcome, reason, state });
  }

  /** A device said something: a fact, and a sign of life of that device. */
  hear(fact) {
    this.coverage.heard(fact.device, Date.now());
    this.state(fact);
  }

  /** State a fact: keep it under its identity, then send it; whether it was. Throws on what no fact can be. */
  state({ event, device = null, counter = null, occurred_at: occurredAt = null }) {
    const name = STREAM_OF[event.type];
    if (name === undefined) throw new Error(`there is no event ${event.type}`);
    const stream = this.run.streams[name];
    const now = wall();
    const envelope = JSON.stringify({
      position: this.position + 1,
      home: this.config.home,
      occurred_at: occurredAt ?? now,
      received_at: now,
      uncertainty: UNCERTAINTY,
      elapsed: steady() - this.began,
      event,
      device,
      counter,
    });
    if (Buffer.byteLength(envelope) > MAX_ENVELOPE) throw new Error('an envelope is too long');
    const seq = stream.head + 1;
    if (!this.#keep(name, seq, envelope)) return false;
    this.position += 1;
    stream.add(seq, envelope);
    say('stated', { stream: name, epoch: this.run.text, seq });
    this.drain();
    return true;
  }

  /** On the disk before it is said; an alarm is said even where the disk takes nothing. False: it was not stated. */
  #keep(name, seq, envelope) {
    try {
      if (name !== 'alarm' && this.position >= MAX_HELD) throw new Error('the journal is full');
      this.journal.append(this.run.path, name, seq, envelope);
      return true;
    } catch (error) {
      say('unkept', { stream: name, seq, why: error.message });
      return name === 'alarm';
    }
  }

  connect() {
    const { broker_url: url, tls, edge } = this.config;
    this.line = new Connection(url, {
      client: edge,
      tls,
      topics: ['receipt', 'command', 'certificate'].map((channel) => `${this.root}/down/${channel}`),
      onReady: () => this.#connected(),
      onMessage: (topic, payload) => this.#take(payload),
      onEnd: () => this.#disconnected(),
    });
  }

  #connected() {
    say('connected');
    for (const { streams } of [...this.earlier, this.run]) STREAMS.forEach((name) => streams[name].begin());
    this.sendHeartbeat();
  }

  #disconnected() {
    say('disconnected');
    setTimeout(() => this.connect(), RECONNECT * (1 + Math.random()));
  }

  #send(kind, channel, fields, qos) {
    const frame = seal(this.keys.up, { kind, edge: this.config.edge, run: this.run.epoch, beat: this.beat, ...fields });
    this.line.publish(`${this.root}/up/${channel}`, frame, qos);
  }

  /** Everything known up to now is in the journal, because `state` waits for the disk: so the heads below are true. */
  sendHeartbeat() {
    if (!this.line.ready) return;
    this.beat += 1n;
    this.refused = false;
    const behind = this.earlier.filter((one) => !one.drained);
    const past = this.earlier.filter((one) => one.drained);
    const turn = past.length === 0 ? 0 : (Number(this.beat) * EPOCHS_NAMED) % past.length;
    const named = [this.run, ...behind, ...past.slice(turn), ...past.slice(0, turn)].slice(0, EPOCHS_NAMED);
    const body = JSON.stringify({
      wall: wall(),
      uncertainty: UNCERTAINTY,
      elapsed: steady() - this.began,
      heard_through: wall(),
      epochs: named.map((one) => one.held()),
      undrained: behind.length + (this.run.drained ? 0 : 1),
      challenge: this.commands.told,
    });
    this.#send('heartbeat', 'heartbeat', { body }, 0);
    this.drain();
  }

  /** Send what is due: alarms of every epoch first; of access and record only the oldest epoch that is not drained. */
  drain() {
    if (this.line === null || !this.line.ready || this.refused) return;
    const epochs = [...this.earlier, this.run];
    for (const one of epochs) this.#drainStream(one, one.streams.alarm);
    for (const name of ['access', 'record']) {
      const oldest = epochs.find((one) => !one.streams[name].drained);
      if (oldest !== undefined) this.#drainStream(oldest, oldest.streams[name]);
    }
  }

  #drainStream(one, stream) {
    const now = steady() / 1000;
    while (this.line.room) {
      const frame = stream.next(now);
      if (frame === null) return;
      const { kind, ...fields } = frame;
      this.#send(kind, stream.name, { stream: stream.name, epoch: one.epoch, ...fields }, 1);
    }
  }

  /** A frame from the gateway; whatever is no command and no fresh receipt for this edge is passed over. */
  #take(payload) {
    const frame = read(this.keys.down, payload);
    if (frame?.kind === 'command') this.#obey(frame);
    if (frame === null || frame.edge !== this.config.edge || frame.run !== this.run.epoch) return;
    if (frame.kind === 'receipt') this.#receipt(frame);
    if (frame.kind === 'certificate_answer') this.#renew((renewing, now) => renewing.take(frame, now));
  }

  /** Renewal never ends the edge: what the disk refuses is tried again with the next ask. */
  #renew(work) {
    if (this.renewing === null) return;
    try {
      const outcome = work(this.renewing, steady() / 1000) ?? null;
      if (outcome !== null) say('certificate', { outcome });
    } catch (error) {
      say('unkept', { why: error.message });
    }
  }

  #receipt(frame) {
    if (frame.beat > this.beat) return;
    const { durable, refused = null } = JSON.parse(frame.body);
    if (refused !== null) {
      this.refused = true; // says nothing about `durable`; asked again with the next heartbeat
      say('refused', { refused });
      return;
    }
    const one = [...this.earlier, this.run].find(({ epoch }) => epoch === frame.epoch);
    const stream = one?.streams[frame.stream];
    if (stream === undefined) return;
    if (stream.take(durable, frame.beat, steady() / 1000)) {
      this.#note(one, stream);
      say('receipted', { stream: stream.name, epoch: one.text, durable: stream.receipted, head: stream.head });
    }
    this.drain();
  }

  #note(one, stream) {
    try {
      this.journal.noteReceipt(one.path, stream.name, stream.receipted);
    } catch (error) {
      say('unkept', { stream: stream.name, why: error.message }); // only sent once more after the next start
    }
  }

  tick() {
    this.coverage.tick(Date.now());
    this.drain();
    if (this.line.ready) this.#renew((renewing, now) => renewing.tick(now));
  }

  release() {
    this.earlier = this.earlier.filter((one) => !one.drained || !this.journal.release(one.path));
  }
}

/** An earlier epoch as its file tells it. */
function readEpoch({ epoch, path, lines }) {
  const one = new Epoch(epoch, path);
  for (const { stream, seq, envelope, receipted } of lines) {
    if (receipted === undefined) one.streams[stream].add(seq, envelope);
    else one.streams[stream].settle(receipted);
  }
  return one;
}

const folder = process.argv[2];
const path = join(folder, 'edge.json');
const config = JSON.parse(readFileSync(path, 'utf8'));
const keep = (changed) => writeWhole(path, JSON.stringify(changed, null, 2));
const edge = new Edge(config, new Journal(join(folder, 'journal')), keep);
edge.connect();
setInterval(() => edge.sendHeartbeat(), HEARTBEAT);
setInterval(() => edge.tick(), TICK);
setInterval(() => edge.release(), RELEASE);
for await (const text of createInterface({ input: process.stdin })) {
  try {
    const line = JSON.parse(text);
    if (line.command === undefined) edge.hear(line);
    else edge.answer(line);
  } catch (error) {
    say('refused', { line: text, why: error.message });
  }
}
