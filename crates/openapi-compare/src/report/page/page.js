"use strict";
// Hides what the filters do not ask for. Without this script everything is shown.
const form = document.querySelector(".filters");
const search = form.querySelector("#search");
const group = form.querySelector("#group");
const found = document.querySelector("#found");
const groups = [...document.querySelectorAll(".group")].map((element) => ({
  element,
  title: element.querySelector(".title").textContent.toLowerCase(),
  changes: [...element.querySelectorAll(".change")].map((change) => ({
    element: change,
    level: change.dataset.level,
    names: JSON.parse(change.dataset.groups),
    text: change.textContent.toLowerCase(),
  })),
}));

function apply() {
  const levels = new Set([...form.querySelectorAll("[name=level]:checked")].map((box) => box.value));
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  let all = 0;
  for (const { element, title, changes } of groups) {
    let any = false;
    for (const change of changes) {
      const inGroup = group.value === "" || change.names.includes(group.value);
      const text = title + " " + change.text;
      const fits = inGroup && levels.has(change.level) && words.every((word) => text.includes(word));
      change.element.hidden = !fits;
      any ||= fits;
      shown += fits ? 1 : 0;
      all += 1;
    }
    element.hidden = !any;
  }
  found.textContent = shown === all ? `${all} changes` : `${shown} of ${all} changes`;
}

form.hidden = false;
form.addEventListener("input", apply);
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(apply));
document.addEventListener("keydown", (event) => {
  // As elsewhere on the web, "/" leads to the search; in a field it is a letter.
  const typing = ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName) && event.target.type !== "checkbox";
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    search.focus();
  }
});
apply();
