/**
 * As much of MQTT 3.1.1 as an edge needs: a clean session, publishing at QoS 0 and 1, subscribing, a sign of life.
 *
 * What is published at QoS 1 is not repeated here: the receipts of the gateway decide what is said again.
 */
import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';

const TYPE = { connect: 1, connack: 2, publish: 3, puback: 4, subscribe: 8, suback: 9, pingreq: 12 };
const KEEP_ALIVE = 30; // seconds; the broker ends the connection after half as long again without a packet
const PING_EVERY = 10_000; // ms
const SILENCE = 25_000; // ms without a byte from the broker after which the line is taken for dead
const MAX_PACKET = 66_560; // bytes, a frame and its topic; a longer packet is not from our broker
const MAX_WAITING = 1 << 18; // bytes that may wait for the line before no more facts are sent

function text(value) {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
}

function packet(type, flags, ...parts) {
  const rest = Buffer.concat(parts);
  const head = [(type << 4) | flags];
  let length = rest.length;
  do {
    head.push((length & 127) | (length > 127 ? 128 : 0));
    length >>= 7;
  } while (length > 0);
  return Buffer.concat([Buffer.from(head), rest]);
}

/** The first whole packet of `bytes`, `{type, flags, rest, length}`, or null. Throws on one that is too long. */
function firstPacket(bytes) {
  let length = 0;
  for (let i = 1; i < bytes.length && i < 5; i += 1) {
    length |= (bytes[i] & 127) << (7 * (i - 1));
    if (length > MAX_PACKET) throw new Error('a packet is too long');
    if (bytes[i] < 128) {
      const end = 1 + i + length;
      if (bytes.length < end) return null;
      return { type: bytes[0] >> 4, flags: bytes[0] & 15, rest: bytes.subarray(1 + i, end), length: end };
    }
  }
  return null;
}

/**
 * One connection. `url` is mqtt://host:port or mqtts://host:port; `tls` holds ca, cert and key in PEM for the latter.
 * `onReady()` comes after the subscriptions stand, `onMessage(topic, payload)` for each message, `onEnd()` once.
 */
export class Connection {
  constructor(url, { client, topics, tls, onReady, onMessage, onEnd }) {
    const { protocol, hostname: host, port } = new URL(url);
    Object.assign(this, { client, topics, onReady, onMessage, onEnd, ready: false, nextId: 1, heard: Date.now() });
    this.waiting = Buffer.alloc(0);
    this.socket = protocol === 'mqtts:' ? connectTls({ host, port, ...tls }) : connectPlain({ host, port });
    this.socket.setNoDelay(true);
    this.socket.once(protocol === 'mqtts:' ? 'secureConnect' : 'connect', () => this.#hello());
    this.socket.on('data', (bytes) => this.#take(bytes));
    this.socket.on('error', () => this.socket.destroy());
    this.socket.once('close', () => this.#closed());
    this.timer = setInterval(() => this.#ping(), PING_EVERY);
  }

  /** Whether more should be published now. */
  get room() {
    return this.ready && this.socket.writableLength < MAX_WAITING;
  }

  /** Send `payload`; nothing where the line is not ready. Nothing is retained. */
  publish(topic, payload, qos) {
    if (!this.ready) return;
    const id = qos === 1 ? this.#id() : Buffer.alloc(0);
    this.socket.write(packet(TYPE.publish, qos << 1, text(topic), id, payload));
  }


  /** End it; the next one is made as after any loss. */
  end() {
    this.ready = false;
    this.socket.destroy();
  }

  #id() {
    const id = this.nextId;
    this.nextId = (id % 65_535) + 1;
    return Buffer.from([id >> 8, id & 255]);
  }

  #hello() {
    const cleanSession = 2;
    const header = [text('MQTT'), Buffer.from([4, cleanSession, 0, KEEP_ALIVE])];
    this.socket.write(packet(TYPE.connect, 0, ...header, text(this.client)));
  }

  #take(bytes) {
    this.heard = Date.now();
    this.waiting = Buffer.concat([this.waiting, bytes]);
    try {
      for (let next = firstPacket(this.waiting); next !== null; next = firstPacket(this.waiting)) {
        this.waiting = this.waiting.subarray(next.length);
        this.#answer(next);
      }
    } catch {
      this.socket.destroy(); // not MQTT, or not what we asked for; the next connection starts afresh
    }
  }

  #answer({ type, flags, rest }) {
    if (type === TYPE.connack) {
      if (rest[1] !== 0) this.socket.destroy();
      const filters = this.topics.map((topic) => Buffer.concat([text(topic), Buffer.from([1])]));
      this.socket.write(packet(TYPE.subscribe, 2, this.#id(), ...filters));
    } else if (type === TYPE.suback) {
      if (rest.subarray(2).some((code) => code > 2)) throw new Error('a subscription was refused');
      this.ready = true;
      this.onReady();
    } else if (type === TYPE.publish) {
      const start = 2 + rest.readUInt16BE(0);
      const qos = (flags >> 1) & 3;
      if (qos > 0) this.socket.write(packet(TYPE.puback, 0, rest.subarray(start, start + 2)));
      this.onMessage(rest.toString('utf8', 2, start), rest.subarray(start + (qos > 0 ? 2 : 0)));
    }
  }

  #ping() {
    if (Date.now() - this.heard > SILENCE) this.socket.destroy();
    else if (this.ready) this.socket.write(packet(TYPE.pingreq, 0));
  }

  #closed() {
    clearInterval(this.timer);
    this.ready = false;
    this.onEnd();
  }
}
