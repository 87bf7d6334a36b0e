/**
 * Commands: what this edge makes of a frame that asks something of the home. Nothing moves here.
 *
 * A command is fresh once: its challenge ends with the first authentic frame that carries it, and an id that was met is
 * not met again, in any run. `elapsed` is microseconds of the steady clock since the epoch opened.
 */
import { randomBytes } from 'node:crypto';

const AHEAD = 30_000_000; // microseconds that `not_after` may lie ahead
const IDS = 1_024; // ids that are remembered
const BOLT = new Set(['lock', 'unlock', 'unlatch']);

export class Commands {
  /** `devices` as in edge.json; `announces`: whether this edge can tell the resident something. */
  constructor({ edge, run, devices, announces }) {
    this.edge = edge;
    this.run = run;
    this.devices = new Set(devices.map(({ id }) => id));
    this.locks = new Set(devices.filter(({ capabilities }) => capabilities.includes('lock')).map(({ id }) => id));
    this.announces = announces;
    this.ids = new Set();
    this.busy = new Map(); // device, or '' for announcements -> the command that is under way there
    this.renew();
  }

  /** For the heartbeat: null from an edge that has nothing that acts. */
  get told() {
    return this.locks.size > 0 || this.announces ? this.challenge : null;
  }

  renew() {
    this.challenge = randomBytes(16).toString('hex'); // in memory only: a restart ends it
  }

  /** A command with this id was met. */
  know(id) {
    this.ids.add(id);
    if (this.ids.size > IDS) this.ids.delete(this.ids.values().next().value);
  }

  /**
   * What follows from a frame whose tag fits: null for nothing, else `{command, device, reason}`; `reason` says why it
   * is refused, none that it may begin. Its device is busy until `ended`.
   */
  take({ edge, run, body }, elapsed) {
    const command = JSON.parse(body);
    if (this.ids.has(command.id)) return null;
    this.know(command.id);
    const reason = this.#why({ edge, run, command }, elapsed);
    if (command.challenge === this.challenge) this.renew();
    const device = this.devices.has(command.device) ? command.device : null;
    if (reason === null) this.busy.set(device ?? '', command);
    return { command, device, reason };
  }

  /** Why it must not begin; null where it may. */
  #why({ edge, run, command }, elapsed) {
    const { action, challenge, device = null } = command;
    if (edge !== this.edge) return 'not_ours';
    if (run !== this.run || challenge !== this.challenge) return 'stale_challenge';
    const late = this.late(command, elapsed);
    if (late !== null) return late;
    if (BOLT.has(action) && !this.devices.has(device)) return 'no_such_device';
    if (BOLT.has(action) ? !this.locks.has(device) : !this.announces || device !== null) return 'not_an_actuator';
    return this.busy.has(device ?? '') ? 'busy' : null;
  }

  /** To be asked again right before anything moves. */
  late({ not_after: notAfter }, elapsed) {
    if (elapsed > notAfter) return 'expired';
    return notAfter > elapsed + AHEAD ? 'life_too_long' : null;
  }

  /** The command with this id is over; `{command, device}`, or null where it is not under way. */
  ended(id) {
    for (const [device, command] of this.busy) {
      if (command.id !== id) continue;
      this.busy.delete(device);
      return { command, device: device === '' ? null : device };
    }
    return null;
  }
}
