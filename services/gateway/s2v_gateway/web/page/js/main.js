// Which of the three views is shown, by the address: #/, #/jobs/ID, #/films, #/system.

import "./theme.js";
import * as films from "./films.js";
import * as form from "./form.js";
import * as system from "./system.js";
import { show } from "./stage.js";
import { rest } from "./watching.js";

const at = (id) => document.getElementById(id);
const VIEWS = { make: null, films, system };
let shown = "";

function viewOf(address) {
  const name = address.replace(/^#\//, "");
  return name in VIEWS && name ? name : "make";
}

function route({ focus = true } = {}) {
  const view = viewOf(location.hash);
  const job = /^#\/(jobs\/[\w-]+)$/.exec(location.hash)?.[1] ?? "";
  if (view !== shown) {
    VIEWS[shown]?.leave();
    for (const name of Object.keys(VIEWS)) {
      at(name).hidden = name !== view;
      const link = at(`to-${name}`);
      if (name === view) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    VIEWS[view]?.enter();
    shown = view;
    if (focus && !job) at(`${view}-title`).focus();
  }
  if (view === "make") show(job);
  if (job && focus) {
    at("film-title").focus({ preventScroll: true });
    at("stage").scrollIntoView({ block: "nearest" });
  }
}

/** Ask what the server offers until it answers. */
async function offer() {
  for (;;) {
    try {
      await form.offer();
      at("away").hidden = true;
      return;
    } catch (problem) {
      at("away").textContent = problem.message;
      at("away").hidden = false;
      if (!problem.passing) return;
    }
    await rest(2000);
  }
}

form.begin((job) => {
  show(job.name, job);
  location.hash = `#/${job.name}`;
});
window.addEventListener("hashchange", () => route());
route({ focus: false });
offer();
