// The order: what is said, by whom, how; one button.

import { ask, bytes, get, messages, post, upload } from "./api.js";
import { Picker, problemAt } from "./picking.js";
import { Problem } from "./problem.js";
import { camera, microphone } from "./recording.js";
import { element, ordinal, say } from "./words.js";

const at = (id) => document.getElementById(id);
const DRAFT = "s2v-draft";
const SIDES = { square: [1, 1], tall: [9, 16], wide: [16, 9] };
const SHORT_SIDE = 720;
const MOST_FACES = 12;
const SAMPLE = "/page/portrait.jpg";

const form = at("order");
const text = at("text");
const portrait = new Picker("portrait", showPortrait);
const sound = new Picker("sound", showSound);
let voices = [];
let engines = [];

/** Wire the form up; `made` is told of each job that was accepted. */
export function begin(made) {
  text.value = sessionStorage.getItem(DRAFT) ?? text.value;
  text.addEventListener("input", () => {
    sessionStorage.setItem(DRAFT, text.value);
    problemAt(text, null);
    count();
  });
  for (const radio of form.elements.source) radio.addEventListener("change", showSource);
  at("sample").addEventListener("click", () => portrait.clear());
  at("sound-clear").addEventListener("click", () => sound.clear());
  at("voice").addEventListener("change", showVoice);
  at("listen").addEventListener("click", listen);
  at("engine").addEventListener("change", showEngine);
  at("speed").addEventListener("input", showSpeed);
  const refuse = (id) => (error) => problemAt(at(id), error);
  microphone(at("microphone"), at("recorded"), (file) => sound.take(file), refuse("sound"));
  camera(at("camera"), (file) => portrait.take(file), refuse("portrait"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    make(made);
  });
  fill(at("face"), [["", "The largest face"], ...faces()]);
  at("face").addEventListener("change", () => problemAt(at("face"), null));
  showPortrait(null);
  showSource();
  showSpeed();
}

/** Fill in what this server offers. Throws Problem. */
export async function offer() {
  const [spoken, drawn, server] = await Promise.all([
    get("/v1/voices?page_size=200"),
    get("/v1/engines"),
    get("/v1/server"),
  ]);
  voices = spoken.voices;
  engines = drawn.engines;
  text.maxLength = server.maxTextCharacters;
  fill(at("voice"), voices.map((voice) => [voice.name, voiceTitle(voice)]));
  fill(at("engine"), engines.map((engine) => [engine.name, plain(engine.name)]));
  at("engine-row").hidden = engines.length < 2;
  showVoice();
  showEngine();
  count();
}

async function make(made) {
  const button = at("make-film");
  if (button.getAttribute("aria-disabled") === "true") return;
  tellProblem(null);
  if (!spoken() && !sound.given) return tellProblem(local("choose or record what shall be heard", "sound"));
  if (spoken() && !text.value.trim()) return tellProblem(local("write what shall be said", "text"));
  button.setAttribute("aria-disabled", "true");
  button.textContent = "Beginning…";
  try {
    const spec = await order();
    const request_id = crypto.randomUUID?.() ?? "";
    made((await post("/v1/jobs", { request_id, spec, with_media: true })).job);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    tellProblem(problem);
  } finally {
    button.removeAttribute("aria-disabled");
    button.textContent = "Make the film";
  }
}

async function order() {
  const spec = {
    script: await script(),
    reference: await (portrait.given ? portrait.asset : sample()),
    engine: at("engine").value,
    preset: at("preset").value,
  };
  if (portrait.given && at("face").value) spec.face = { number: Number(at("face").value) };
  if (spoken()) spec.voice = at("voice").value;
  const [width, height] = sides();
  if (width) Object.assign(spec, { width_pixels: width, height_pixels: height });
  const captions = form.elements.captions.value;
  if (captions !== "none") spec.captions = captions === "burnt" ? { burnt_in: true } : {};
  return spec;
}

/** The asset of the sample portrait; the server keeps equal bytes once. Throws Problem. */
async function sample() {
  const picture = await (await ask(SAMPLE)).blob();
  return (await upload(new File([picture], "sample.jpg"), () => {})).name;
}

async function script() {
  if (spoken()) return { text: text.value, speed: Number(at("speed").value) };
  return { audio: await sound.asset, transcript: at("transcript").value.trim() };
}

/** Width and height in pixels that the engine takes; [0, 0] leaves them to the picture. */
function sides() {
  const shape = SIDES[at("shape").value];
  if (!shape) return [0, 0];
  const engine = engines.find((one) => one.name === at("engine").value);
  const step = engine?.sideStepPixels || 2;
  const unit = Math.min(SHORT_SIDE / Math.min(...shape), engine?.maxSidePixels / Math.max(...shape));
  return shape.map((side) => Math.floor((side * unit) / step) * step);
}

function tellProblem(problem) {
  const note = at("order-problem");
  note.hidden = !problem;
  note.textContent = problem?.message ?? "";
  for (const control of [text, at("portrait"), at("face"), at("sound")]) {
    if (control.id !== problem?.control) problemAt(control, null);
  }
  if (!problem) return;
  const control = at(problem.control);
  if (!control) return say(problem.message);
  control.closest("details")?.setAttribute("open", "");
  if (at(`${control.id}-problem`)) {
    note.hidden = true;
    problemAt(control, problem);
  }
  control.focus();
}

function local(message, control) {
  const violation = { "@type": "BadRequest", fieldViolations: [{ field: "" }] };
  return Object.assign(new Problem({ message, details: [violation] }, 400), { control });
}

function spoken() {
  return form.elements.source.value === "text";
}

function showSource() {
  at("from-text").hidden = !spoken();
  at("from-sound").hidden = spoken();
  at("voice-row").hidden = !spoken();
  at("speed-row").hidden = !spoken();
}

function showPortrait(file) {
  const place = at("portrait-view");
  const old = place.firstElementChild?.src ?? "";
  if (old.startsWith("blob:")) URL.revokeObjectURL(old);
  const address = file ? URL.createObjectURL(file) : SAMPLE;
  const moving = file?.type.startsWith("video/");
  const view = moving
    ? element("video", { src: address, playsinline: true, loop: true, "aria-label": "Your video" })
    : element("img", { src: address, alt: file ? "Your picture" : "The sample portrait, a woman" });
  if (moving) {
    view.muted = true;
    view.play().catch(() => {});
  }
  place.replaceChildren(view);
  at("sample").hidden = !file;
  at("face-row").hidden = !file;
  at("face").value = "";
  problemAt(at("face"), null);
  at("portrait-name").textContent = !file ? "Sample portrait" : moving ? "Your video" : "Your picture";
  at("still").replaceChildren(view.cloneNode());
}

/** Numbers of faces as one reads them, and what they are called. */
function faces() {
  const numbers = Array.from({ length: MOST_FACES }, (_, index) => index + 1);
  return numbers.map((number) => [number, `The ${ordinal(number)} from the top left, row by row`]);
}

function showSound(file) {
  const place = at("sound-view");
  const old = place.firstElementChild?.src;
  if (old) URL.revokeObjectURL(old);
  const play = { src: file && URL.createObjectURL(file), controls: true, "aria-label": "Your sound" };
  place.replaceChildren(...(file ? [element("audio", play)] : []));
  at("sound-clear").hidden = !file;
}

function showVoice() {
  const voice = voices.find((one) => one.name === at("voice").value);
  at("voice-note").textContent = voice?.description ?? "";
}

function showEngine() {
  const engine = engines.find((one) => one.name === at("engine").value);
  const kept = at("preset").value;
  fill(at("preset"), (engine?.presets ?? []).map((one) => [one.name, capital(one.name)]));
  if (engine?.presets.some((one) => one.name === kept)) at("preset").value = kept;
  showPreset(engine);
  at("preset").onchange = () => showPreset(engine);
}

function showPreset(engine) {
  const preset = engine?.presets.find((one) => one.name === at("preset").value);
  at("preset-note").textContent = preset?.description ?? "";
}

function showSpeed() {
  at("speed-shown").textContent = `${Number(at("speed").value).toFixed(2)} ×`;
}

function count() {
  const left = text.maxLength - text.value.length;
  at("text-count").hidden = text.maxLength < 0 || left > text.maxLength / 5;
  at("text-count").textContent = `${left.toLocaleString("en-GB")} characters left`;
}

async function listen() {
  const button = at("listen");
  button.disabled = true;
  const parts = [];
  try {
    const options = { method: "POST", body: "{}" };
    for await (const piece of messages(`/v1/${at("voice").value}:preview`, options)) {
      if (piece.data) parts.push(bytes(piece.data));
    }
    const heard = new Audio(URL.createObjectURL(new Blob(parts, { type: "audio/wav" })));
    heard.addEventListener("ended", () => URL.revokeObjectURL(heard.src));
    await heard.play();
  } catch (problem) {
    at("voice-note").textContent = problem.message;
    say(problem.message);
  } finally {
    button.disabled = false;
  }
}

function fill(select, choices) {
  select.replaceChildren(...choices.map(([value, words]) => new Option(words, value)));
}

function voiceTitle(voice) {
  const names = new Intl.DisplayNames(["en"], { type: "language", style: "short" });
  return `${capital(plain(voice.name))} · ${names.of(voice.language)}`;
}

function plain(name) {
  return name.split("/").pop();
}

function capital(name) {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
