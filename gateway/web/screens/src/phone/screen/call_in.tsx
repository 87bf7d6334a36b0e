/** Calling whoever helps staff at a door: nothing where the municipality has stated no number. */
import { usePhoneWords } from "../../words/phone";
import { CallSign } from "./signs";

export function CallIn() {
  const { label, number } = usePhoneWords().callIn;
  if (!number) return null;
  return (
    <a class="call-in" href={`tel:${number.replace(/[^+\d]/g, "")}`}>
      <CallSign />
      <span>
        {label} {number}
      </span>
    </a>
  );
}
