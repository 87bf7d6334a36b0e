/** A worker that ticks: browsers slow the timers of a hidden window to one a minute, but not those of a worker. */
self.onmessage = (message: MessageEvent<number>) => {
  setInterval(() => self.postMessage(null), message.data);
};
