/** Sizes of a day's picture in CSS pixels: it is drawn at the width it has, so that its letters never shrink. */

/** A line with a lane's name or what it told last, its bar, and the space to the next. */
export const NAME = 22;
export const BAR = 24;
const SPACE = 8;
/** Above the lanes, for alarms; below them, for hours and dates. */
export const ALERTS = 26;
export const AXIS = 42;
/** Half the width of an alarm's point, and the space at both ends that lets it stand right above what it marks. */
export const POINT = 9;
export const PAD = POINT + 1;
/** The narrowest mark and span that can still be seen. */
export const LEAST = 4;
/** Below this a picture has room for half as many hours. */
export const NARROW = 480;
/** About what a letter takes. */
export const LETTER = 8;

/** What stands above a lane's bar: on a narrow picture two lines. */
export function nameHeight(width: number): number {
  return width < NARROW ? 2 * NAME - 4 : NAME;
}

export function laneHeight(width: number): number {
  return nameHeight(width) + BAR + SPACE;
}

/** From when to when (ms) the picture shows, and where an instant stands in it. */
export interface Scale {
  readonly from: number;
  readonly to: number;
  x(at: number): number;
}
