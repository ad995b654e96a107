/**
 * The camera of the till: starts it, keeps it alive, and hands its frames to the decoder.
 *
 * off → starting → live ⇄ held, and from any of them → resting (nobody came for a while), failed.
 * Phones take the camera away at every occasion (another app, the lock screen, a second page), so every
 * way out leads back to a sentence and a button, and a picture that stands still is started anew.
 */

import { Decoder } from "./decoder.mjs";
import { recall, remember } from "./memory.mjs";

const START_LIMIT_MS = 5_000; // from the permission to the first picture
const FROZEN_AFTER_MS = 2_000;
const WATCH_EVERY_MS = 500;
const REBUILD_PAUSE_MS = 10_000; // frozen again within this: say so instead of flickering
const FRAME_GAP_MS = 1000 / 15; // on a phone that takes its time
const QUICK_FRAME_GAP_MS = 1000 / 30; // where a frame is read in half of that: a card is seen a frame sooner
const CALM_FRAME_GAP_MS = 1000 / 8;
const TOOK_OVER = 4; // frames: one slow one changes little
const CALM_AFTER_MS = 60_000;
const REST_AFTER_MS = 5 * 60_000;
const FULL_WIDTH = 1280; // pixels; smaller loses codes, larger only time
const CROP_SIDE = 960; // pixels
const LENS = "till.lens";

/** @typedef {"insecure" | "unsupported" | "denied" | "none" | "busy" | "slow" | "frozen" | "engine"} Trouble */
/** @typedef {{name: "off" | "starting" | "asking" | "live" | "held" | "resting"} | {name: "failed", trouble: Trouble}} CameraState */
/** @typedef {{text: string, corners: {x: number, y: number}[]}} Sighting corners in pixels of the picture */
/** @typedef {{hasTorch: boolean, hasTorchOn: boolean, lenses: number}} Lens */

/**
 * @param {unknown} error
 * @returns {Trouble}
 */
export function troubleOf(error) {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "none";
  if (name === "NotReadableError" || name === "AbortError") return "busy";
  return "unsupported";
}

export class Camera {
  /** @type {CameraState} */
  state = { name: "off" };
  #video;
  #decoder = new Decoder();
  #onState;
  #onSightings;
  /** @type {MediaStream | null} */
  #stream = null;
  #run = 0; // each start or stop ends what the one before was waiting for
  #isWanted = false;
  #hasTorchOn = false;
  /** @type {MediaDeviceInfo[]} */
  #lenses = [];
  #lastFrameAt = 0;
  #lastGrabAt = 0;
  #tookMs = FRAME_GAP_MS; // to read a frame, of late
  #lastCodeAt = 0;
  #rebuiltAt = -Infinity;
  #useCrop = false;
  /** @type {WakeLockSentinel | null} */
  #wakeLock = null;

  /**
   * @param {HTMLVideoElement} video
   * @param {object} listeners
   * @param {(state: CameraState) => void} listeners.onState
   * @param {(sightings: Sighting[]) => void} listeners.onSightings every read frame, also an empty one
   */
  constructor(video, { onState, onSightings }) {
    this.#video = video;
    this.#onState = onState;
    this.#onSightings = onSightings;
    document.addEventListener("visibilitychange", () => this.#onVisibility());
    window.setInterval(() => this.#watch(), WATCH_EVERY_MS);
  }

  /** What the buttons over the picture may offer. */
  get lens() {
    const track = this.#stream?.getVideoTracks()[0];
    const abilities = /** @type {{torch?: boolean}} */ (track?.getCapabilities?.() ?? {});
    return { hasTorch: abilities.torch === true, hasTorchOn: this.#hasTorchOn, lenses: this.#lenses.length };
  }

  /** Whether the browser may use the camera without asking. */
  static async isAllowed() {
    try {
      const name = /** @type {PermissionName} */ ("camera");
      return (await navigator.permissions.query({ name })).state === "granted";
    } catch {
      return false; // this browser does not tell
    }
  }

  async start() {
    this.#isWanted = true;
    if (!window.isSecureContext) return this.#fail("insecure");
    if (!navigator.mediaDevices?.getUserMedia) return this.#fail("unsupported");
    const run = this.#begin();
    const isAllowed = await Camera.isAllowed();
    if (run !== this.#run) return;
    this.#set({ name: isAllowed ? "starting" : "asking" });
    const engine = this.#decoder.prepare().then(
      () => true,
      () => false,
    );
    let stream;
    try {
      stream = await this.#open();
    } catch (error) {
      if (run === this.#run) this.#fail(troubleOf(error));
      return;
    }
    if (run !== this.#run) return stopTracks(stream);
    this.#stream = stream;
    this.#set({ name: "starting" });
    const late = window.setTimeout(() => run === this.#run && this.#fail("slow"), START_LIMIT_MS);
    try {
      await this.#show(stream);
    } catch {
      if (run === this.#run) this.#fail("slow");
      return;
    } finally {
      window.clearTimeout(late);
    }
    if (run !== this.#run) return;
    if (!(await engine)) {
      if (run === this.#run) this.#fail("engine");
      return;
    }
    if (run !== this.#run) return;
    await this.#tune(stream);
    if (run !== this.#run) return;
    this.#lastFrameAt = this.#lastCodeAt = performance.now();
    this.#set({ name: "live" });
    this.#nextFrame(run);
    void this.#keepAwake();
  }

  stop() {
    this.#isWanted = false;
    this.#begin();
    this.#set({ name: "off" });
  }

  /** Freezes the picture while the cashier deals with what was scanned. The stream stays warm. */
  hold() {
    if (this.state.name !== "live") return;
    this.#video.pause();
    this.#set({ name: "held" });
  }

  async release() {
    if (this.state.name !== "held") return;
    const run = this.#run;
    this.#lastFrameAt = this.#lastCodeAt = performance.now();
    this.#set({ name: "live" });
    try {
      await this.#video.play();
    } catch {
      if (run === this.#run) await this.start();
      return;
    }
    this.#nextFrame(run);
  }

  async toggleTorch() {
    const track = this.#stream?.getVideoTracks()[0];
    if (!track || !this.lens.hasTorch) return;
    const torch = !this.#hasTorchOn;
    try {
      await track.applyConstraints({ advanced: [/** @type {MediaTrackConstraintSet} */ ({ torch })] });
      this.#hasTorchOn = torch;
    } catch {
      this.#hasTorchOn = false;
    }
    this.#onState(this.state);
  }

  async nextLens() {
    if (this.#lenses.length < 2) return;
    const current = this.#stream?.getVideoTracks()[0]?.getSettings().deviceId;
    const at = this.#lenses.findIndex((lens) => lens.deviceId === current);
    remember(LENS, this.#lenses[(at + 1) % this.#lenses.length].deviceId);
    await this.start();
  }

  /** @returns {Promise<MediaStream>} */
  async #open() {
    const size = { width: { ideal: 1920 }, height: { ideal: 1080 } };
    const rear = { ...size, facingMode: { ideal: "environment" } };
    const chosen = recall(LENS);
    if (chosen) {
      try {
        return await navigator.mediaDevices.getUserMedia({ video: { ...size, deviceId: { exact: chosen } } });
      } catch (error) {
        if (troubleOf(error) !== "none") throw error; // only a lens that is gone is forgotten
        remember(LENS, "");
      }
    }
    return navigator.mediaDevices.getUserMedia({ video: rear });
  }

  /** @param {MediaStream} stream */
  async #show(stream) {
    const video = this.#video;
    const hasPicture = new Promise((resolve) => video.addEventListener("loadeddata", resolve, { once: true }));
    video.srcObject = stream;
    await video.play();
    await hasPicture;
  }

  /** @param {MediaStream} stream */
  async #tune(stream) {
    const [track] = stream.getVideoTracks();
    track.addEventListener("ended", () => {
      if (this.#stream === stream) this.#rebuild();
    });
    const abilities = /** @type {{focusMode?: string[]}} */ (track.getCapabilities?.() ?? {});
    if (abilities.focusMode?.includes("continuous")) {
      const focus = /** @type {MediaTrackConstraintSet} */ ({ focusMode: "continuous" });
      await track.applyConstraints({ advanced: [focus] }).catch(() => undefined); // sharper, never needed
    }
    const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    this.#lenses = devices.filter((device) => device.kind === "videoinput");
  }

  /** @param {number} run */
  #nextFrame(run) {
    const onFrame = () => {
      if (run !== this.#run || this.state.name !== "live") return;
      this.#lastFrameAt = performance.now();
      void this.#scan(run);
      this.#nextFrame(run);
    };
    if (this.#video.requestVideoFrameCallback) this.#video.requestVideoFrameCallback(onFrame);
    else window.setTimeout(() => this.#video.readyState >= 2 && onFrame(), FRAME_GAP_MS);
  }

  /** @param {number} run */
  async #scan(run) {
    const now = performance.now();
    const isCalm = now - this.#lastCodeAt > CALM_AFTER_MS;
    const gap = isCalm ? CALM_FRAME_GAP_MS : Math.min(Math.max(2 * this.#tookMs, QUICK_FRAME_GAP_MS), FRAME_GAP_MS);
    if (this.#decoder.isBusy || now - this.#lastGrabAt < gap - 4) return; // 4 ms: a frame is rarely on time
    this.#lastGrabAt = now;
    const cut = this.#cut();
    try {
      const image = await grab(this.#video, cut);
      if (run !== this.#run || this.state.name !== "live" || this.#decoder.isBusy) return closeImage(image);
      const readings = await this.#decoder.read(image);
      this.#tookMs += (performance.now() - now - this.#tookMs) / TOOK_OVER;
      if (run !== this.#run || this.state.name !== "live") return;
      if (readings.length > 0) this.#lastCodeAt = performance.now();
      this.#onSightings(readings.map((reading) => placed(reading, cut)));
    } catch {
      if (run === this.#run && this.state.name === "live" && this.#video.videoWidth > 0) this.#fail("engine");
    }
  }

  /**
   * Which part of the picture to read, and how large: all of it and its middle in turn.
   * @returns {Cut}
   */
  #cut() {
    const { videoWidth: width, videoHeight: height } = this.#video;
    this.#useCrop = !this.#useCrop;
    if (this.#useCrop) {
      const side = Math.min(CROP_SIDE, width, height);
      return { x: (width - side) >> 1, y: (height - side) >> 1, width: side, height: side, scale: 1 };
    }
    return { x: 0, y: 0, width, height, scale: Math.min(1, FULL_WIDTH / Math.max(width, height)) };
  }

  #watch() {
    if (this.state.name !== "live" || document.hidden) return;
    const now = performance.now();
    if (now - this.#lastFrameAt > FROZEN_AFTER_MS) this.#rebuild();
    else if (now - this.#lastCodeAt > REST_AFTER_MS) {
      this.stop();
      this.#set({ name: "resting" });
    }
  }

  /** The picture stands still or the track is gone: once anew, then say so. */
  #rebuild() {
    const now = performance.now();
    if (now - this.#rebuiltAt < REBUILD_PAUSE_MS) return this.#fail("frozen");
    this.#rebuiltAt = now;
    void this.start();
  }

  #onVisibility() {
    if (document.hidden && this.#isWanted && this.state.name !== "failed") {
      this.#begin();
      this.#set({ name: "off" });
    } else if (!document.hidden && this.#isWanted && this.state.name === "off") void this.start();
  }

  async #keepAwake() {
    if (this.#wakeLock && !this.#wakeLock.released) return;
    this.#wakeLock = await (navigator.wakeLock?.request("screen") ?? Promise.resolve(null)).catch(() => null);
  }

  /** Ends whatever went on before. */
  #begin() {
    this.#run += 1;
    if (this.#stream) stopTracks(this.#stream);
    this.#stream = null;
    this.#hasTorchOn = false;
    if (!this.#isWanted) void this.#wakeLock?.release().catch(() => undefined);
    return this.#run;
  }

  /** @param {Trouble} trouble */
  #fail(trouble) {
    this.#begin();
    this.#set({ name: "failed", trouble });
  }

  /** @param {CameraState} state */
  #set(state) {
    this.state = state;
    this.#onState(state);
  }
}

/** @typedef {{x: number, y: number, width: number, height: number, scale: number}} Cut */

/** @type {HTMLCanvasElement | null} */
let fallbackCanvas = null;

/**
 * @param {HTMLVideoElement} video
 * @param {Cut} cut
 * @returns {Promise<ImageBitmap | ImageData>}
 */
async function grab(video, cut) {
  const resizeWidth = Math.round(cut.width * cut.scale);
  const resizeHeight = Math.round(cut.height * cut.scale);
  if (typeof OffscreenCanvas === "function") {
    const { x, y, width, height } = cut;
    return createImageBitmap(video, x, y, width, height, { resizeWidth, resizeHeight });
  }
  const canvas = (fallbackCanvas ??= document.createElement("canvas"));
  canvas.width = resizeWidth;
  canvas.height = resizeHeight;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("no 2D canvas");
  context.drawImage(video, cut.x, cut.y, cut.width, cut.height, 0, 0, resizeWidth, resizeHeight);
  return context.getImageData(0, 0, resizeWidth, resizeHeight);
}

/** @param {ImageBitmap | ImageData} image */
function closeImage(image) {
  if (!(image instanceof ImageData)) image.close();
}

/**
 * A reading with its corners in pixels of the whole picture.
 * @param {Sighting} reading
 * @param {Cut} cut
 * @returns {Sighting}
 */
export function placed(reading, cut) {
  const corners = reading.corners.map(({ x, y }) => ({ x: cut.x + x / cut.scale, y: cut.y + y / cut.scale }));
  return { text: reading.text, corners };
}

/** @param {MediaStream} stream */
function stopTracks(stream) {
  for (const track of stream.getTracks()) track.stop();
}
