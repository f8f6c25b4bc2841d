"use strict";
// Everything works without this script; it adds dropping a file, copying, downloading and
// accepting a suggestion.
const textarea = document.querySelector("#text");
if (textarea) {
  const form = textarea.form;
  const read = (file) => file && file.text().then((text) => { textarea.value = text; });
  for (const kind of ["dragenter", "dragover"]) {
    textarea.addEventListener(kind, (event) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      textarea.classList.add("drop");
    });
  }
  textarea.addEventListener("dragleave", () => textarea.classList.remove("drop"));
  textarea.addEventListener("drop", (event) => {
    textarea.classList.remove("drop");
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    read(event.dataTransfer.files[0]);
  });
  textarea.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
}

const whole = document.querySelector("#whole");
if (whole) {
  for (const hidden of document.querySelectorAll("[data-needs-script]")) hidden.hidden = false;
  document.querySelector("#copy").addEventListener("click", async (event) => {
    const button = event.currentTarget;
    try {
      await navigator.clipboard.writeText(whole.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(whole);
      button.textContent = "Selected: press Ctrl+C";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  document.querySelector("#download").addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([whole.textContent], { type: "text/plain;charset=utf-8" }));
    link.download = "english.txt";
    link.click();
    URL.revokeObjectURL(link.href);
  });
  for (const button of document.querySelectorAll("button.accept")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const number = button.dataset.name;
      for (const mark of document.querySelectorAll(`mark[data-name="${number}"]`)) {
        const shown = mark.querySelector(".is");
        shown.textContent = shown.dataset.right;
        mark.classList.replace("suggested", "changed");
      }
      const there = whole.querySelector(`[data-name="${number}"]`);
      if (there) there.textContent = there.dataset.right;
      button.remove();
    });
  }
}

const running = document.querySelector("[data-refresh]");
if (running) setTimeout(() => location.reload(), Number(running.dataset.refresh) * 1000);
