/** The languages of the screens. */

export type Language = "sv" | "en";
