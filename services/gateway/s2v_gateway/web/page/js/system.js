// How the server is: services, workers, the queue, how long films took, what an operator should see.

import { get } from "./api.js";
import { ago, element, fact, length, titleOf } from "./words.js";

const at = (id) => document.getElementById(id);
const REFRESH = 2000;
const RECENT = 5;
const WORK = { STAGE_SPEAK: "spoken", STAGE_RENDER: "drawn", STAGE_COMPOSE: "joined" };

let timer = 0;

/** Show it and keep it true until `leave`. */
export function enter() {
  refresh();
}

export function leave() {
  clearTimeout(timer);
}

async function refresh() {
  clearTimeout(timer);
  try {
    const recent = `/v1/jobs?page_size=${RECENT}&states=JOB_STATE_SUCCEEDED`;
    const [status, server, { jobs }] = await Promise.all([
      get("/v1/status"),
      get("/v1/server"),
      get(recent),
    ]);
    show(status, server, jobs);
    at("system-problem").hidden = true;
    at("system-facts").hidden = false;
  } catch (problem) {
    at("system-problem").textContent = problem.message;
    at("system-problem").hidden = false;
    at("system-facts").hidden = true;
  }
  if (!at("system").hidden) timer = setTimeout(refresh, REFRESH);
}

function show(status, server, jobs) {
  at("queue-facts").replaceChildren(
    fact("Being made", String(status.runningJobs)),
    fact("Waiting", String(status.queuedJobs)),
    fact("Version", server.version),
  );
  at("services").replaceChildren(...status.services.map((one) => part(one.name, one.serving, one.serving ? "serving" : one.message)));
  at("workers").replaceChildren(...status.workers.map(worker));
  at("workers-none").hidden = status.workers.length > 0;
  at("alarms").replaceChildren(...[...status.alarms].reverse().map(alarm));
  at("alarms-none").hidden = status.alarms.length > 0;
  at("times").querySelector("tbody").replaceChildren(...jobs.map(times));
  at("times").hidden = jobs.length === 0;
  at("times-none").hidden = jobs.length > 0;
}

function part(name, good, words) {
  const mark = element("span", { class: good ? "mark good" : "mark bad", "aria-hidden": "true" });
  return element("li", {}, mark, element("span", {}, name), element("span", { class: "quiet" }, words));
}

function worker({ name, state, device, restarts }) {
  const again = restarts ? `, started again ${restarts === 1 ? "once" : `${restarts} times`}` : "";
  return part(name, state !== "starting", `${state} on ${device}${again}`);
}

function alarm(words) {
  const [time, ...rest] = words.split(" ");
  const when = Number.isNaN(Date.parse(time)) ? words : `${rest.join(" ")} (${ago(time)})`;
  return part(when, false, "");
}

function times(job) {
  const seconds = Object.fromEntries(job.stageTimes.map(({ stage, seconds }) => [stage, seconds]));
  const cells = Object.keys(WORK).map((stage) =>
    element("td", {}, seconds[stage] === undefined ? "–" : `${seconds[stage].toFixed(1)} s`),
  );
  const link = element("a", { href: `#/${job.name}` }, titleOf(job.spec));
  return element("tr", {}, element("th", { scope: "row" }, link), element("td", {}, length(job.film.durationSeconds)), ...cells);
}
