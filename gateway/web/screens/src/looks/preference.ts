/** What a person prefers in this browser, kept in localStorage; nothing about anybody. */
import { useState } from "preact/hooks";

/** A preference with its setter; `fallback` until a person has chosen. */
export function usePreference<Value extends string>(name: string, fallback: Value): [Value, (value: Value) => void] {
  const [value, setValue] = useState<Value>((localStorage.getItem(`vaka.${name}`) as Value | null) ?? fallback);
  const choose = (chosen: Value): void => {
    localStorage.setItem(`vaka.${name}`, chosen);
    setValue(chosen);
  };
  return [value, choose];
}
