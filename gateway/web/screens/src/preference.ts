/** What a person prefers on this computer: language, appearance, keys. Kept in localStorage; nothing about anybody. */
import { useState } from "preact/hooks";

export type Theme = "auto" | "light" | "dark" | "contrast";

/** A preference with its setter; `fallback` until a person has chosen. */
export function usePreference<Value extends string>(name: string, fallback: Value): [Value, (value: Value) => void] {
  const [value, setValue] = useState<Value>((localStorage.getItem(`vaka.${name}`) as Value | null) ?? fallback);
  const choose = (chosen: Value): void => {
    localStorage.setItem(`vaka.${name}`, chosen);
    setValue(chosen);
  };
  return [value, choose];
}
