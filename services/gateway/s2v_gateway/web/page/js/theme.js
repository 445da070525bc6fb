// Light and dark: as the system has it, or as somebody chose here.

import { element } from "./words.js";

const PLACE = "s2v-theme";
const NEXT = { auto: "light", light: "dark", dark: "auto" };
const button = document.getElementById("theme");

function show(theme) {
  document.documentElement.dataset.theme = theme;
  const [mark, word] = { auto: ["◐", "Auto"], light: ["○", "Light"], dark: ["●", "Dark"] }[theme];
  button.replaceChildren(mark, element("span", { class: "wide" }, `\u00a0${word}`));
  button.setAttribute("aria-label", `Colours: ${theme}. Change to ${NEXT[theme]}`);
}

function chosen() {
  const theme = localStorage.getItem(PLACE);
  return theme in NEXT ? theme : "auto";
}

button.addEventListener("click", () => {
  localStorage.setItem(PLACE, NEXT[chosen()]);
  show(chosen());
});
show(chosen());
