// Numbers and times in words, and what is said to those who listen to the page.

const said = document.getElementById("said");

/** Have screen readers say something; what they said last they do not say again. */
export function say(text) {
  if (said.textContent !== text) said.textContent = text;
}

export function length(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  const rest = whole % 60;
  if (minutes < 60) return rest ? `${minutes} min ${rest} s` : `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function size(count) {
  const bytes = Number(count);
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

export function ago(time) {
  const seconds = (Date.now() - Date.parse(time)) / 1000;
  if (seconds < 60) return "just now";
  const words = new Intl.RelativeTimeFormat("en-GB", { numeric: "auto" });
  if (seconds < 3600) return words.format(-Math.round(seconds / 60), "minute");
  if (seconds < 86_400) return words.format(-Math.round(seconds / 3600), "hour");
  return words.format(-Math.round(seconds / 86_400), "day");
}

export function ordinal(number) {
  const endings = { one: "st", two: "nd", few: "rd", other: "th" };
  return number + endings[new Intl.PluralRules("en", { type: "ordinal" }).select(number)];
}

/** What a film is called: by its name, else by what is said in it. */
export function titleOf(spec) {
  const text = spec.displayName || spec.script.text || spec.script.transcript;
  if (!text) return "A recording";
  const line = text.trim().replace(/\s+/g, " ");
  return line.length > 80 ? `${line.slice(0, 79).trimEnd()}…` : line;
}

/** A name for a file: what a film is called, as far as every system takes it. */
export function fileName(spec) {
  const plain = titleOf(spec).normalize("NFC").replace(/[^\p{L}\p{N}]+/gu, "-");
  return [...plain].slice(0, 48).join("").replace(/^-|-$/g, "").toLowerCase() || "film";
}

/** A pair of a `dl`. */
export function fact(name, value) {
  return element("div", {}, element("dt", {}, name), element("dd", {}, value));
}

const ENDED = new Set(["JOB_STATE_SUCCEEDED", "JOB_STATE_FAILED", "JOB_STATE_CANCELLED"]);

export function hasEnded(state) {
  return ENDED.has(state);
}

/** An element with text or children; `attributes` that are functions are listeners. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== "" && child != null));
  return made;
}
