/** What was stated and not taken: shown until the person has read it. */
import { useLayoutEffect } from "preact/hooks";
import { clockTime } from "../../times";
import { useWallTime } from "../../wall_time";
import { usePhoneWords } from "../../words/phone";
import { saidIn } from "../../words/said";
import { usePhone } from "./use_phone";

export function Refusals() {
  const app = usePhone();
  const words = usePhoneWords();
  const now = useWallTime();
  const refused = app.phone.statements.filter((one) => one.refused !== null && one.person === app.phone.me?.person);
  // It stands on top of every screen, and must not come up above the glass.
  useLayoutEffect(() => {
    if (refused.length > 0) scrollTo(0, 0);
  }, [refused.length]);
  return (
    <>
      {refused.map((one) => (
        <section key={one.key} class="warning" role="alert">
          <h2>
            {words.refused.heading}: {words.refused.what[one.what]} {clockTime(one.at, now)}
          </h2>
          <p>{one.refused === null || one.refused === "no words" ? words.refused.noWords : saidIn(words, one.refused)}</p>
          <button type="button" onClick={() => app.letGo(one.key)}>
            {words.refused.read}
          </button>
        </section>
      ))}
    </>
  );
}
