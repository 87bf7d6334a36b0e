/**
 * Coverage: since when could each device be heard? Only over covered time does silence count as "nothing happened".
 *
 * A device that promises signs of life (`reports_every`, seconds) is covered once it was heard and until three of them
 * are missed; then with effect from when it was last heard. One that speaks only when something happens can prove
 * nothing: it is covered while its transport works. Everything must be said anew in every epoch.
 */

const MISSED = 3; // promised signs of life
const OVERDUE_LIMIT = 25 * 3600 * 1000; // ms; nobody waits longer for a device, whatever it promises
const CONFIRM = 15 * 60 * 1000; // ms between two confirmations

export class Coverage {
  /** `devices` are those of edge.json; `state(fact)` states a fact. `now` is wall time in ms, here and below. */
  constructor(devices, state, now) {
    this.state = state;
    this.confirmed = now;
    this.devices = new Map(devices.map(({ id, reports_every: every }) => {
      const patience = every === null ? null : Math.min(MISSED * every * 1000, OVERDUE_LIMIT);
      return [id, { id, patience, heard: null, covered: false }];
    }));
  }

  /** The transport works: what cannot prove itself is covered from now on. */
  begin(now) {
    for (const device of this.devices.values()) {
      if (device.patience === null) this.#change(device, true, now, 'started');
    }
  }

  /** A device said something. */
  heard(id, now) {
    const device = this.devices.get(id);
    if (device === undefined) return;
    device.heard = now;
    if (!device.covered) this.#change(device, true, now, 'heard');
  }

  /** Time has passed; to be called every second or so. */
  tick(now) {
    for (const device of this.devices.values()) {
      if (device.covered && device.patience !== null && now - device.heard > device.patience) {
        this.#change(device, false, device.heard, 'not_heard');
      }
    }
    if (now - this.confirmed >= CONFIRM) {
      this.confirmed = now;
      const covered = [...this.devices.values()].filter((device) => device.covered).map(({ id }) => id);
      this.state({ event: { type: 'coverage_confirmed', through: now * 1000, covered } });
    }
  }

  #change(device, covered, since, reason) {
    device.covered = covered;
    this.state({ device: device.id, event: { type: 'coverage_changed', covered, since: since * 1000, reason } });
  }
}
