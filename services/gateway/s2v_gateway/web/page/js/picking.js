// A file that somebody gives: dropped, chosen or recorded; sent as soon as it is there.

import { upload } from "./api.js";
import { element, say, size } from "./words.js";

/** The picker around an `input type=file`; `shown` is told of each file and of none. */
export class Picker {
  #input;
  #zone;
  #status;
  #sending = null;
  #asset = null;
  #shown;

  constructor(id, shown) {
    this.#input = document.getElementById(id);
    this.#zone = this.#input.closest(".zone");
    this.#status = document.getElementById(`${id}-status`);
    this.#shown = shown;
    this.#input.addEventListener("change", () => {
      if (this.#input.files[0]) this.take(this.#input.files[0]);
      this.#input.value = "";
    });
    this.#zone.addEventListener("dragover", (event) => {
      event.preventDefault();
      this.#zone.classList.add("over");
    });
    this.#zone.addEventListener("dragleave", () => this.#zone.classList.remove("over"));
    this.#zone.addEventListener("drop", (event) => {
      event.preventDefault();
      this.#zone.classList.remove("over");
      if (event.dataTransfer.files[0]) this.take(event.dataTransfer.files[0]);
    });
  }

  /** Whether there is a file. */
  get given() {
    return this.#asset !== null;
  }

  /** The name of the file's asset, once it is there. Throws Problem. */
  get asset() {
    return this.#asset;
  }

  /** Take a file, send it, and show how that goes. */
  take(file) {
    this.#sending?.abort();
    const sending = new AbortController();
    this.#sending = sending;
    const bar = element("progress", { max: 1, value: 0, "aria-label": `Sending ${file.name}` });
    this.#status.replaceChildren(element("span", {}, `${file.name}, ${size(file.size)}`), bar);
    problemAt(this.#input, null);
    this.#shown(file);
    this.#asset = upload(file, (share) => (bar.value = share), sending.signal).then(
      (asset) => {
        bar.remove();
        return asset.name;
      },
      (problem) => {
        problem.control = this.#input.id;
        if (sending === this.#sending) this.#refuse(problem);
        throw problem;
      },
    );
    // Whoever makes the film hears of it, too; until then it is told below the file.
    this.#asset.catch(() => {});
  }

  /** Forget the file. */
  clear() {
    this.#sending?.abort();
    this.#asset = null;
    this.#status.replaceChildren();
    problemAt(this.#input, null);
    this.#shown(null);
  }

  #refuse(problem) {
    this.clear();
    problemAt(this.#input, problem);
  }
}

/** Put what is wrong below a control, and take it away again with null. */
export function problemAt(control, problem) {
  const note = document.getElementById(`${control.id}-problem`);
  note.textContent = problem ? problem.message : "";
  note.hidden = !problem;
  if (problem) control.setAttribute("aria-invalid", "true");
  else control.removeAttribute("aria-invalid");
  if (problem) say(problem.message);
}
