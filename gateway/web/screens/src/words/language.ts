/** The languages of the screen, and what each must say: everything that the first one says. */
import type { sv } from "./sv";

export type Language = "sv" | "en";
export type Words = ReturnType<typeof sv>;
