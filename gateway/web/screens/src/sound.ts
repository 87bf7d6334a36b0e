/** Sounds made on the spot, and an honest state: browsers play nothing before a person has asked for it. */

export type SoundState = "off" | "on" | "unavailable";

/** One tone: pitch in Hz, start and length in seconds. */
type Tone = readonly [pitch: number, start: number, length: number];

const NEW_CALL: readonly Tone[] = [[880, 0, 0.22], [660, 0.26, 0.22], [880, 0.52, 0.22], [660, 0.78, 0.32]];
const REPEATED: readonly Tone[] = [[988, 0, 0.12], [988, 0.18, 0.12], [988, 0.36, 0.12], [1319, 0.54, 0.3]];
const ESCALATED: readonly Tone[] = [[1175, 0, 0.16], [880, 0.2, 0.16], [1175, 0.4, 0.16], [880, 0.6, 0.16], [1175, 0.8, 0.4]];
/** A siren, up and down, that fills nearly all the time until it sounds again. */
const OVERDUE: readonly Tone[] = [0, 0.4, 0.8, 1.2].flatMap((from): Tone[] => [[1568, from, 0.18], [1047, from + 0.2, 0.18]]);
const ASKED: readonly Tone[] = [[523, 0, 0.25], [659, 0.3, 0.35]];
const FEED_LOST: readonly Tone[] = [[330, 0, 0.5], [247, 0.6, 0.8]];
/** Of 1: all but the last sound leave room above them. */
const LOUDNESS = 0.5;
const FULL = 1;
/** Seconds a tone takes to rise and fall: without it the loudspeaker clicks. */
const EDGE = 0.012;

export class Sound {
  private context: AudioContext | null = null;
  private listeners = new Set<() => void>();

  state(): SoundState {
    if (typeof AudioContext === "undefined") return "unavailable";
    return this.context?.state === "running" ? "on" : "off";
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** To be called from a click or a key: turns the sound on and lets it be heard. */
  async turnOn(): Promise<void> {
    if (this.state() === "unavailable") return;
    this.context ??= this.opened();
    await this.context.resume();
    this.newCall();
  }

  /** The same without a sound, for a screen that is touched anyway. */
  async allow(): Promise<void> {
    if (this.state() === "unavailable") return;
    this.context ??= this.opened();
    await this.context.resume();
  }

  newCall(): void {
    this.play(NEW_CALL, "square");
  }

  repeated(): void {
    this.play(REPEATED, "square");
  }

  escalated(): void {
    this.play(ESCALATED, "square");
  }

  /** Nobody has taken a call for too long: as loud as it gets. */
  overdue(): void {
    this.play(OVERDUE, "square", FULL);
  }

  /** Somebody asks for something: softer than any alarm. */
  asked(): void {
    this.play(ASKED, "sine");
  }

  feedLost(): void {
    this.play(FEED_LOST, "sawtooth");
  }

  /** The browser stops the sound by itself, for instance when the loudspeaker is pulled out: then it says off. */
  private opened(): AudioContext {
    const context = new AudioContext();
    context.onstatechange = () => {
      for (const listener of this.listeners) listener();
    };
    return context;
  }

  private play(tones: readonly Tone[], shape: OscillatorType, volume = LOUDNESS): void {
    const context = this.context;
    if (!context || context.state !== "running") return;
    for (const [pitch, start, length] of tones) {
      const from = context.currentTime + start;
      const loudness = new GainNode(context, { gain: 0 });
      loudness.gain.setValueAtTime(0, from);
      loudness.gain.linearRampToValueAtTime(volume, from + EDGE);
      loudness.gain.setValueAtTime(volume, from + length - EDGE);
      loudness.gain.linearRampToValueAtTime(0, from + length);
      const tone = new OscillatorNode(context, { frequency: pitch, type: shape });
      tone.connect(loudness).connect(context.destination);
      tone.start(from);
      tone.stop(from + length);
    }
  }
}
