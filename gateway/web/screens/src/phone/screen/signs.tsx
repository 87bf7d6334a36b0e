/** Signs beside words, drawn as lines: what a thumb in the rain tells apart before it reads. */
import type { DoorAction } from "../../contract";

const SHACKLE = { lock: "M8 11V7a4 4 0 0 1 8 0v4", unlock: "M8 11V7a4 4 0 0 1 7.6-1.8", unlatch: "M8 11V7a4 4 0 0 1 7.6-1.8" } as const;

/** A padlock: shut and filled, or open and hollow. */
export function LockSign({ action }: { action: DoorAction }) {
  return (
    <svg class="sign" viewBox="0 0 24 24" aria-hidden="true">
      <path d={SHACKLE[action]} />
      <rect x="5" y="11" width="14" height="10" rx="2" class={action === "lock" ? "filled" : ""} />
    </svg>
  );
}

export function CallSign() {
  return (
    <svg class="sign" viewBox="0 0 24 24" aria-hidden="true">
      <path d="M6 3h3l2 5-2.500 1.500a11 11 0 0 0 6 6L16 13l5 2v3a3 3 0 0 1-3 3A15 15 0 0 1 3 6a3 3 0 0 1 3-3z" />
    </svg>
  );
}
