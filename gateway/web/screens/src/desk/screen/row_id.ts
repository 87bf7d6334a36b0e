/** The element of an alert's row in the list, by which the desk puts the focus on it. */
export function rowId(alert: string): string {
  return `row-${alert}`;
}
