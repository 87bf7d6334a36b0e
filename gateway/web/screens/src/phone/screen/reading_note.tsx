/** What came of the tag that was read. */
import { usePhoneWords } from "../../words/phone";
import { saidIn } from "../../words/said";
import { usePhone } from "./use_phone";

export function ReadingNote() {
  const { reading } = usePhone().phone;
  const words = usePhoneWords();
  if (!reading) return null;
  if (reading.is === "asking") return <p class="notice">{words.door.reading}</p>;
  const good = reading.is === "said" && reading.good;
  return (
    <p class={good ? "notice" : "warning"} role={good ? "status" : "alert"}>
      {reading.is === "said" ? saidIn(words, reading.said) : words.door.readingUnreached}
    </p>
  );
}
