/** Always on top: whether the day is current, and what waits in the phone. */
import { clockTime } from "../../times";
import { useWallTime } from "../../wall_time";
import { usePhoneWords } from "../../words/phone";
import { usePhone } from "./use_phone";

export function ContactBar() {
  const { phone, keepsNothing } = usePhone();
  const words = usePhoneWords();
  const now = useWallTime();
  const mine = phone.statements.filter((one) => one.person === phone.me?.person && one.refused === null);
  const others = phone.statements.some((one) => one.person !== phone.me?.person);
  const { contact } = phone;
  const detail = phone.today ? words.contact.lostDetail(clockTime(phone.heard, now)) : words.contact.neverHeard;
  return (
    <header class={`contact ${contact.is}`} aria-live="polite">
      <b>{words.contact[contact.is]}</b>
      {contact.is === "lost" && ` ${detail}`}
      {mine.length > 0 && <span class="unsent">{contact.is === "live" ? words.contact.sending(mine.length) : words.contact.unsent(mine.length)}</span>}
      {others && <span class="unsent">{words.contact.others}</span>}
      {keepsNothing && <span class="unsent">{words.contact.keepsNothing}</span>}
    </header>
  );
}
