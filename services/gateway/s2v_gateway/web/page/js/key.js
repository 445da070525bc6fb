// The key of servers that ask for one. It lives as long as the tab, and goes nowhere but to them.

const PLACE = "s2v-key";
const dialog = document.getElementById("key-dialog");
const field = document.getElementById("key-field");
const button = document.getElementById("key-button");
let asking = null;

export function key() {
  return sessionStorage.getItem(PLACE) ?? "";
}

/** Ask for a key and tell whether one was given; `why` tells what was wrong with the last one. */
export function askForKey(why) {
  asking ??= new Promise((resolve) => {
    const note = document.getElementById("key-problem");
    note.textContent = why;
    note.hidden = !why;
    field.toggleAttribute("aria-invalid", Boolean(why));
    field.value = "";
    dialog.returnValue = "";
    dialog.showModal();
    dialog.addEventListener("close", () => resolve(kept()), { once: true });
  }).finally(() => {
    asking = null;
  });
  return asking;
}

function kept() {
  if (dialog.returnValue !== "use" || !field.value.trim()) return false;
  sessionStorage.setItem(PLACE, field.value.trim());
  field.value = "";
  show();
  return true;
}

function show() {
  button.hidden = !key();
}

dialog.querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  dialog.close("use");
});
document.getElementById("key-later").addEventListener("click", () => dialog.close());
button.addEventListener("click", () => {
  sessionStorage.removeItem(PLACE);
  location.reload();
});
show();
