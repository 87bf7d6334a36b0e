/** The sound comes on with the first touch of whoever takes alarms: nobody has to remember it at the beginning of a shift. */
import { useLayoutEffect } from "preact/hooks";
import type { Sound } from "../../sound";

/** After these a browser lets a page play. Whole clicks: what says that the sound is off goes away with it, and what is
 * below moves up: never between the press and the release on a button. */
const TOUCHES = ["click", "keyup"] as const;

/** Without a sound of its own; where the browser refuses, the desk goes on saying that the sound is off. */
export function useSoundOn(sound: Sound, wanted: boolean): void {
  useLayoutEffect(() => {
    if (!wanted) return;
    const allow = (): void => void sound.allow();
    if (navigator.userActivation?.hasBeenActive) allow();
    for (const touch of TOUCHES) addEventListener(touch, allow);
    return () => {
      for (const touch of TOUCHES) removeEventListener(touch, allow);
    };
  }, [sound, wanted]);
}
