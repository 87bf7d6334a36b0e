/** The same as the phone's own back button. */
import { usePhoneWords } from "../../words/phone";
import { usePhone } from "./use_phone";

export function BackToToday() {
  const app = usePhone();
  const words = usePhoneWords();
  return (
    <button type="button" class="quiet back" onClick={() => app.back()}>
      ‹ {words.today.back}
    </button>
  );
}
