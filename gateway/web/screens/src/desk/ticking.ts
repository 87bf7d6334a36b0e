/** Ticks that also come on time while the desk's window is hidden behind another. */

/** Calls `tick` every `milliseconds` until the returned function is called. */
export function startTicking(milliseconds: number, tick: () => void): () => void {
  const worker = new Worker(new URL("./ticker.ts", import.meta.url), { type: "module" });
  worker.onmessage = tick;
  worker.postMessage(milliseconds);
  return () => worker.terminate();
}
