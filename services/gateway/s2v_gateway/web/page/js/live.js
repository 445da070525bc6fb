// A film that plays while it is made: fragmented MP4 put into a video as it comes.

import { ask, chunks } from "./api.js";
import { rest } from "./watching.js";

const Source = window.ManagedMediaSource ?? window.MediaSource;
/** The film's own silence is none: between two segments nothing comes for as long as they take. */
const SILENCE = 120_000;
const PAUSE = 1000;
/** What was seen stays for so many seconds when the browser has no more room. */
const KEPT_SECONDS = 10;

export class LiveFilm {
  #video;
  #path;
  #signal;
  #source = null;
  #buffer = null;
  #offset = 0;
  #ended = false;
  #shortened = false;

  constructor(video, job, signal) {
    this.#video = video;
    this.#path = `/v1/${job}/media`;
    this.#signal = signal;
  }

  /** The job has ended: what does not come now never comes. */
  ended() {
    this.#ended = true;
  }

  /** Play it as it comes; tells at the end whether the video holds all of the film. */
  async run() {
    if (!Source) return false;
    try {
      while (!(await this.#take())) {
        if (this.#ended || this.#signal.aborted) return false;
        await rest(PAUSE, this.#signal);
      }
      if (this.#source?.readyState !== "open") return false;
      this.#source.endOfStream();
      return !this.#shortened;
    } catch (problem) {
      if (!this.#signal.aborted) console.warn("the film cannot be shown while it is made:", problem);
      return false;
    }
  }

  /** Take what there is from where we are; tells whether that was the end. */
  async #take() {
    try {
      const answer = await ask(`${this.#path}?offset=${this.#offset}`, { signal: this.#signal });
      if (!this.#source) await this.#open(answer.headers.get("content-type"));
      for await (const chunk of chunks(answer, SILENCE)) {
        await this.#append(chunk);
        this.#offset += chunk.byteLength;
      }
      return true;
    } catch (problem) {
      // Behind the last byte there is none: then the end was seen.
      if (problem.reason === "MEDIA_NOT_FOUND" && this.#offset > 0) return true;
      if (!problem.passing) throw problem;
      return false;
    }
  }

  async #open(type) {
    if (!Source.isTypeSupported(type)) throw new Error(`this browser does not play ${type}`);
    this.#source = new Source();
    this.#video.disableRemotePlayback = true;
    this.#video.src = URL.createObjectURL(this.#source);
    await once(this.#source, "sourceopen");
    URL.revokeObjectURL(this.#video.src);
    this.#buffer = this.#source.addSourceBuffer(type);
  }

  async #append(data) {
    for (;;) {
      try {
        this.#buffer.appendBuffer(data);
        return await once(this.#buffer, "updateend");
      } catch (error) {
        if (error.name !== "QuotaExceededError") throw error;
        await this.#makeRoom();
      }
    }
  }

  async #makeRoom() {
    const seen = this.#video.currentTime - KEPT_SECONDS;
    const first = this.#buffer.buffered.length ? this.#buffer.buffered.start(0) : 0;
    if (seen <= first) return rest(PAUSE, this.#signal);
    this.#shortened = true;
    this.#buffer.remove(0, seen);
    return once(this.#buffer, "updateend");
  }
}

/** Whether a film that is still being made plays to its end without a halt if it starts now. */
export function playsThrough(video, progress, rate) {
  const { buffered, currentTime } = video;
  const ahead = buffered.length ? buffered.end(buffered.length - 1) - currentTime : 0;
  const total = Number(progress.framesTotal) / rate;
  if (!total || ahead < Math.min(0.5, total)) return false;
  if (ahead >= total - currentTime - 0.5) return true;
  return progress.remainingSeconds > 0 && progress.remainingSeconds * 1.2 < total - currentTime;
}

function once(target, event) {
  return new Promise((resolve) => target.addEventListener(event, resolve, { once: true }));
}
