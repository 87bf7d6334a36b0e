/** Calling whoever helps staff at a door: nothing where the municipality has stated no number. */
import { usePhoneWords } from "../../words/phone";

export function CallIn() {
  const { label, number } = usePhoneWords().callIn;
  if (!number) return null;
  return (
    <a class="call-in" href={`tel:${number.replace(/[^+\d]/g, "")}`}>
      {label} {number}
    </a>
  );
}
