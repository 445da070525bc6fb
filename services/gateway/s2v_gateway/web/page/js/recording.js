// What the browser's own microphone and camera give, as files.

import { element, length, say } from "./words.js";

const at = (id) => document.getElementById(id);
const SOUND = ["audio/mp4", "audio/webm;codecs=opus", "audio/webm", "audio/ogg"];
const PICTURES = ["video/mp4;codecs=avc1.42E01E", "video/mp4", "video/webm;codecs=vp8", "video/webm"];
const ENDINGS = { "audio/mp4": "m4a", "audio/webm": "webm", "audio/ogg": "ogg" };

/** Record what is given by a stream; `stop` makes it a file. */
class Recording {
  #recorder;
  #parts = [];

  constructor(stream, types) {
    const mimeType = types.find((type) => MediaRecorder.isTypeSupported(type));
    this.#recorder = new MediaRecorder(stream, { mimeType });
    this.#recorder.addEventListener("dataavailable", ({ data }) => this.#parts.push(data));
    this.#recorder.start(1000);
  }

  async stop(name) {
    const stopped = new Promise((done) => this.#recorder.addEventListener("stop", done));
    this.#recorder.stop();
    await stopped;
    const type = this.#recorder.mimeType.split(";")[0];
    const ending = ENDINGS[type] ?? type.split("/")[1];
    return new File(this.#parts, `${name}.${ending}`, { type });
  }
}

/** Make a button start and stop the microphone; `take` gets the file. */
export function microphone(button, time, take, refuse) {
  let recording = null;
  let stream = null;
  let clock = 0;
  button.addEventListener("click", async () => {
    if (recording) {
      clearInterval(clock);
      const file = await recording.stop("recording");
      letGo(stream);
      recording = null;
      button.textContent = "Record again";
      time.textContent = "";
      return take(file);
    }
    try {
      stream = await opened({ audio: true });
    } catch (error) {
      return refuse(error);
    }
    recording = new Recording(stream, SOUND);
    const begun = Date.now();
    button.textContent = "Stop recording";
    say("Recording");
    clock = setInterval(() => (time.textContent = length((Date.now() - begun) / 1000)), 500);
  });
}

/** Make a button open the camera; `take` gets the picture or the video. */
export function camera(button, take, refuse) {
  const dialog = at("camera-dialog");
  const record = at("camera-record");
  let stream = null;
  let recording = null;
  const view = element("video", { autoplay: true, playsinline: true, "aria-label": "Camera" });
  view.muted = true;

  button.addEventListener("click", async () => {
    try {
      stream = await opened({ video: { width: { ideal: 1280 }, height: { ideal: 720 } } });
    } catch (error) {
      return refuse(error);
    }
    view.srcObject = stream;
    at("camera-view").replaceChildren(view);
    dialog.showModal();
  });
  at("camera-shoot").addEventListener("click", async () => {
    const canvas = element("canvas", { width: view.videoWidth, height: view.videoHeight });
    canvas.getContext("2d").drawImage(view, 0, 0);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.95));
    dialog.close();
    take(new File([blob], "camera.jpg", { type: "image/jpeg" }));
  });
  record.addEventListener("click", async () => {
    if (!recording) {
      recording = new Recording(stream, PICTURES);
      record.textContent = "Stop recording";
      return;
    }
    const file = await recording.stop("camera");
    dialog.close();
    take(file);
  });
  at("camera-cancel").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    letGo(stream);
    recording = null;
    record.textContent = "Record a video";
  });
}

async function opened(wanted) {
  if (!navigator.mediaDevices) {
    throw new Error("Browsers lend camera and microphone only to pages over HTTPS or from this machine.");
  }
  try {
    return await navigator.mediaDevices.getUserMedia(wanted);
  } catch (error) {
    const refused = error.name === "NotAllowedError";
    throw new Error(
      refused
        ? "The browser was told not to lend it. Allow it beside the address, or choose a file."
        : "There is none that works here. Connect one, or choose a file.",
    );
  }
}

function letGo(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
