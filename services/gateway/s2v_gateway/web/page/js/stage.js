// The film on the page's stage: its making, its playing, its files, or why there is none.

import { addressOf, bytes, post } from "./api.js";
import { key } from "./key.js";
import { LiveFilm, playsThrough } from "./live.js";
import { Problem } from "./problem.js";
import { happenings } from "./watching.js";
import { element, fact, fileName, hasEnded, length, ordinal, say, size, titleOf } from "./words.js";

const at = (id) => document.getElementById(id);
const STAGES = {
  STAGE_SPEAK: "Speaking the words",
  STAGE_RENDER: "Drawing the pictures",
  STAGE_COMPOSE: "Joining picture and sound",
};

let current = null;

/** What a notice says here; where several people are seen, also where to choose among them. */
function noticed(code, message) {
  if (code !== "NOTICE_CODE_SEVERAL_FACES" || at("face-row").hidden) return [message];
  const choose = { type: "button", class: "plain", click: () => reach("face") };
  return [message.replace(/; choose another .*/, ". "), element("button", choose, "Choose who speaks")];
}

/** Show a job by its name; nothing for the empty stage. `job` is what is known of it already. */
export function show(name, job = null) {
  if (current?.name === name && name) return;
  current?.leave();
  current = name ? new Showing(name) : null;
  at("stage-empty").hidden = Boolean(name);
  at("stage-film").hidden = !name;
  if (!name) document.title = "S2V";
  if (job) current.tell({ snapshot: job });
  current?.run();
}

/** A job was deleted: the stage does not go on showing it. */
export function forget(name) {
  if (current?.name === name) show("");
}

class Showing {
  #leaving = new AbortController();
  #video = element("video", { playsinline: true, preload: "auto" });
  #track = this.#video.addTextTrack("captions", "Captions");
  #job = null;
  #live = null;
  #whole = null;
  #touched = false;
  #poster = "";
  #lost = false;

  constructor(name) {
    this.name = name;
    at("screen").replaceChildren(this.#video);
    at("screen").hidden = false;
    for (const id of ["film-problem", "film-notices", "film-facts", "film-files"]) {
      at(id).replaceChildren();
      at(id).hidden = true;
    }
    at("lost").hidden = true;
    at("making").hidden = true;
    at("cancel").hidden = true;
    at("film-title").textContent = "The film";
    // Before there is anything to play, browsers put a wheel over the pictures of the making.
    this.#video.addEventListener("canplay", () => (this.#video.controls = true));
    this.#video.addEventListener("pause", () => (this.#touched = true));
    at("cancel").onclick = () => this.#cancel();
  }

  leave() {
    this.#leaving.abort();
    this.#video.pause();
    this.#video.removeAttribute("src");
    this.#video.load();
    URL.revokeObjectURL(this.#poster);
  }

  async run() {
    try {
      for await (const event of happenings(this.name, this.#leaving.signal)) this.tell(event);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      at("making").hidden = true;
      this.#fail(problem, problem.reason === "JOB_NOT_FOUND" ? "There is no such film" : "");
    }
  }

  tell(event) {
    if (this.#leaving.signal.aborted) return;
    if (event.lost || event.back) this.#connection(event.lost);
    if (event.snapshot) this.#begin(event.snapshot);
    if (event.state) this.#state(event.state);
    if (event.waiting) this.#waiting(event.waiting);
    if (event.progress) this.#progress(event.progress);
    if (event.preview) this.#preview(event.preview);
    if (event.captions) this.#captions(event.captions);
    if (event.notice) this.#notice(event.notice);
    if (event.finished) this.#end(event.finished);
    if (event.stats) this.#stats(event.stats);
  }

  #begin(job) {
    const known = this.#job;
    this.#job = job;
    at("film-title").textContent = titleOf(job.spec);
    this.#video.setAttribute("aria-label", `Film: ${titleOf(job.spec)}`);
    this.#state(job.state);
    this.#progress(job.progress);
    if (known) return;
    this.#track.mode = job.spec.captions && !job.spec.captions.burntIn ? "showing" : "disabled";
    if (job.withMedia && !hasEnded(job.state)) this.#play();
    if (!this.#job.film) this.#showReference(job.spec.reference);
    for (const notice of job.notices) this.#notice(notice);
  }

  /** What is there before the first picture of the film. */
  async #showReference(asset) {
    const address = await addressOf(asset).catch(() => "");
    this.#video.poster ||= address;
  }

  #play() {
    this.#live = new LiveFilm(this.#video, this.name, this.#leaving.signal);
    this.#whole = this.#live.run();
  }

  #state(state) {
    this.#job.state = state;
    const ended = hasEnded(state);
    at("making").hidden = ended;
    at("cancel").hidden = ended || state === "JOB_STATE_CANCELLING";
    if (state === "JOB_STATE_QUEUED") this.#waiting(this.#job.waiting);
    if (state === "JOB_STATE_CANCELLING") this.#words("Cancelling");
  }

  #waiting(waiting) {
    const place = waiting?.position > 1 ? `, ${ordinal(waiting.position)} in line` : "";
    const starts = Date.parse(waiting?.estimatedStartTime ?? "") - Date.now();
    this.#words(`Waiting in the queue${place}`, starts > 1000 ? starts / 1000 : 0, "starts in about");
  }

  #progress(progress) {
    this.#job.progress = progress;
    const share = Math.floor(progress.fraction * 100);
    at("progress").value = progress.fraction;
    at("progress").textContent = `${share} %`;
    if (this.#job.state !== "JOB_STATE_RUNNING") return;
    document.title = `${share} % – S2V`;
    at("share").textContent = `${share} %`;
    this.#words(STAGES[progress.stage] ?? "Beginning", progress.remainingSeconds, "about", "left");
    if (!this.#touched && playsThrough(this.#video, progress, this.#job.spec.frameRate || 25)) {
      this.#start();
    }
  }

  #words(doing, seconds = 0, before = "", after = "") {
    if (this.#job.state !== "JOB_STATE_RUNNING") at("share").textContent = "";
    at("doing").textContent = doing;
    at("left").textContent = seconds ? `${before} ${length(seconds)} ${after}`.trim() : "";
    say(doing);
  }

  #start() {
    if (!this.#video.paused) return;
    // Without a click before, browsers play nothing that sounds: then it is for the viewer to begin.
    this.#video.play().catch(() => (this.#touched = true));
  }

  #preview({ jpeg }) {
    URL.revokeObjectURL(this.#poster);
    this.#poster = URL.createObjectURL(new Blob([bytes(jpeg)], { type: "image/jpeg" }));
    this.#video.poster = this.#poster;
  }

  #captions({ captions }) {
    for (const { startSeconds, endSeconds, lines } of captions) {
      this.#track.addCue(new VTTCue(startSeconds, endSeconds, escaped(lines.join("\n"))));
    }
  }

  #notice({ code, message }) {
    const list = at("film-notices");
    const known = [...list.children].some((item) => item.dataset.message === message);
    if (!known) {
      const item = element("li", {}, ...noticed(code, message));
      item.dataset.message = message;
      list.append(item);
    }
    list.hidden = false;
  }

  #connection(problem) {
    this.#lost = Boolean(problem);
    at("lost").hidden = !problem;
    say(problem ? at("lost").textContent : "Connected again");
  }

  async #end(job) {
    this.#job = job;
    this.#live?.ended();
    this.#state(job.state);
    document.title = "S2V";
    for (const notice of job.notices) this.#notice(notice);
    if (job.state === "JOB_STATE_FAILED") return this.#fail(new Problem(job.error, 200));
    if (job.state === "JOB_STATE_CANCELLED") return this.#cancelled();
    say("The film is ready");
    this.#facts(job);
    this.#files(job);
    const whole = await this.#whole;
    if (!whole && !this.#leaving.signal.aborted) await this.#replace(job.film.asset);
    else if (!this.#touched) this.#start();
  }

  /** Play the finished film where the one in the making could not be, from the same moment on. */
  async #replace(asset) {
    const { currentTime, paused } = this.#video;
    const playing = !paused || (this.#live && !this.#touched);
    this.#video.src = await addressOf(asset);
    this.#video.currentTime = currentTime;
    if (playing) this.#start();
  }

  #facts({ film, startTime, endTime }) {
    const took = (Date.parse(endTime) - Date.parse(startTime)) / 1000;
    const facts = [
      ["Length", length(film.durationSeconds)],
      ["Size", `${film.widthPixels} × ${film.heightPixels}, ${film.frameRate} fps`],
      ["Made in", length(took)],
    ];
    at("film-facts").replaceChildren(...facts.map(([name, value]) => fact(name, value)));
    at("film-facts").hidden = false;
  }

  #files({ film, spec }) {
    const name = fileName(spec);
    at("film-files").replaceChildren(
      saving(film.asset, name, `Download film (${size(film.sizeBytes)})`, "main"),
      film.subripAsset ? saving(film.subripAsset, name, "Captions (.srt)") : "",
      film.webvttAsset ? saving(film.webvttAsset, name, "Captions (.vtt)") : "",
    );
    at("film-files").hidden = false;
  }

  #stats({ state, lipSync }) {
    if (state !== "STATS_STATE_DONE" || !lipSync) return;
    const fits = Math.round(lipSync.bestCorrelation * 100);
    at("film-facts").append(fact("Lips follow sound", `${fits} %`));
  }

  #fail(problem, title = "") {
    at("screen").hidden = true;
    const heading = title || "The film could not be made";
    say(`${heading}. ${problem.message}`);
    at("film-problem").classList.add("bad");
    at("film-problem").replaceChildren(
      element("h3", {}, heading),
      element("p", {}, problem.message),
      problem.control
        ? element("button", { type: "button", click: () => reach(problem.control) }, "Change it")
        : "",
    );
    at("film-problem").hidden = false;
  }

  #cancelled() {
    this.#fail(new Problem({ message: "nothing of it is kept" }, 200), "The film was cancelled");
    at("film-problem").classList.remove("bad");
  }

  async #cancel() {
    at("cancel").hidden = true;
    await post(`/v1/${this.name}:cancel`, {}).catch((problem) => this.#fail(problem));
  }
}


/** A link that saves an asset as a file of that name, whose ending the server adds. */
export function saving(asset, name, words, kind = "") {
  const address = `/v1/${asset}:download?name=${encodeURIComponent(name)}`;
  const link = element("a", { href: address, download: "", class: `button ${kind}` }, words);
  link.addEventListener("click", async (event) => {
    if (!key()) return;
    event.preventDefault();
    const href = await addressOf(asset).catch((problem) => say(problem.message));
    if (href) element("a", { href, download: name }).click();
  });
  return link;
}

function reach(control) {
  location.hash = "#/";
  const found = at(control);
  found?.closest("details")?.setAttribute("open", "");
  found?.focus();
}

function escaped(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
}
