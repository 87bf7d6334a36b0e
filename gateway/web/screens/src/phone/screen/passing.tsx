/** A door that was asked and has not answered: that time passes, by when it has an end, and what to do if nothing happens. */
import { useState } from "preact/hooks";
import { useWallTime } from "../../wall_time";
import { usePhoneWords } from "../../words/phone";
import { CallIn } from "./call_in";

/** Seconds: the gateway closes every command by then. */
const LONGEST = 15;
/** Seconds after which a person wonders: most doors have answered. */
const LONG = 4;

/** Counts from when it is first drawn. It stands beside what is read aloud, so that no second is. */
export function Passing() {
  const words = usePhoneWords().door;
  const [since] = useState(Date.now);
  const passed = Math.min(LONGEST, Math.max(0, Math.floor((useWallTime() - since) / 1000)));
  return (
    <div class="passing">
      <progress max={LONGEST} value={passed} aria-label={words.passing} />
      <p>{words.passed(passed, LONGEST)}</p>
      {passed >= LONG && (
        <>
          <p>{words.ifNothing}</p>
          <CallIn />
        </>
      )}
    </div>
  );
}
