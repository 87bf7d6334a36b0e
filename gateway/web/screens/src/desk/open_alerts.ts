/** The open alerts by urgency, so that a call costs nothing of ten thousand faults that stand beside it. Values. */
import type { AlertView, Urgency } from "./contract";

export type OpenAlerts = Readonly<Record<Urgency, ReadonlyMap<string, AlertView>>>;

export const NONE_OPEN: OpenAlerts = { call: new Map(), concern: new Map(), fault: new Map() };

export function found(open: OpenAlerts, id: string): AlertView | undefined {
  return open.call.get(id) ?? open.concern.get(id) ?? open.fault.get(id);
}

export function* everyOpen(open: OpenAlerts): Generator<AlertView> {
  for (const some of [open.call, open.concern, open.fault]) yield* some.values();
}

export function opened(alerts: Iterable<AlertView>): OpenAlerts {
  const change = new OpenChange(NONE_OPEN);
  for (const alert of alerts) change.set(alert);
  return change.done;
}

/** Changes made together: what is touched is copied once, the rest stays as it is. */
export class OpenChange {
  private readonly copied: Partial<Record<Urgency, Map<string, AlertView>>> = {};

  constructor(private readonly before: OpenAlerts) {}

  get done(): OpenAlerts {
    return { ...this.before, ...this.copied };
  }

  find(id: string): AlertView | undefined {
    return found(this.done, id);
  }

  set(alert: AlertView): void {
    this.copy(alert.urgency).set(alert.id, alert);
  }

  delete(alert: AlertView): void {
    this.copy(alert.urgency).delete(alert.id);
  }

  private copy(urgency: Urgency): Map<string, AlertView> {
    return (this.copied[urgency] ??= new Map(this.before[urgency]));
  }
}
