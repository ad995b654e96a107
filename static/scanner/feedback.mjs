/** What the cashier hears and feels: one tone and one vibration for each outcome. Sight is the page's part. */

import { recall, remember } from "./memory.mjs";

const MUTED = "till.muted";
const VOLUME = 0.18; // of full scale: heard over a coffee machine, not over the shop

/**
 * @typedef {"seen" | "done" | "saved" | "asked" | "refused"} Outcome
 * @typedef {{notes: [frequencyHertz: number, startSeconds: number, lengthSeconds: number][], wave: OscillatorType,
 *   vibration: number[]}} Signal vibration in milliseconds on, off, on …
 */

/** @type {Record<Outcome, Signal>} */
const SIGNALS = {
  seen: { notes: [[1320, 0, 0.06]], wave: "sine", vibration: [25] },
  done: { notes: [[880, 0, 0.09], [1318.5, 0.09, 0.16]], wave: "sine", vibration: [60] },
  saved: { notes: [[587, 0, 0.12], [880, 0.12, 0.1], [587, 0.22, 0.12]], wave: "triangle", vibration: [40, 40, 40] },
  asked: { notes: [[660, 0, 0.12], [660, 0.18, 0.12]], wave: "triangle", vibration: [50, 70, 50] },
  refused: { notes: [[233, 0, 0.16], [185, 0.17, 0.26]], wave: "square", vibration: [180, 80, 180] },
};

export class Feedback {
  /** @type {AudioContext | null} */
  #audio = null;
  isMuted = recall(MUTED) === "1";

  /** Browsers let a page sound only after a touch: call this from one. */
  unlock() {
    try {
      this.#audio ??= new AudioContext();
      if (this.#audio.state === "suspended") void this.#audio.resume();
    } catch {
      this.#audio = null; // no sound device; colour, icon and word remain
    }
  }

  toggleMute() {
    this.isMuted = !this.isMuted;
    remember(MUTED, this.isMuted ? "1" : "0");
  }

  /** @param {Outcome} outcome */
  give(outcome) {
    const { notes, wave, vibration } = SIGNALS[outcome];
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(vibration);
    const audio = this.#audio;
    if (this.isMuted || audio?.state !== "running") return;
    for (const [frequency, start, length] of notes) sound(audio, wave, frequency, audio.currentTime + start, length);
  }
}

/**
 * @param {AudioContext} audio
 * @param {OscillatorType} wave
 * @param {number} frequency hertz
 * @param {number} at seconds of the audio clock
 * @param {number} length seconds
 */
function sound(audio, wave, frequency, at, length) {
  const tone = new OscillatorNode(audio, { type: wave, frequency });
  const gain = new GainNode(audio, { gain: 0 });
  const loud = wave === "square" ? VOLUME / 3 : VOLUME; // a square wave is that much louder to the ear
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(loud, at + 0.01); // a soft edge, or it clicks
  gain.gain.exponentialRampToValueAtTime(0.0001, at + length);
  tone.connect(gain).connect(audio.destination);
  tone.start(at);
  tone.stop(at + length);
}
