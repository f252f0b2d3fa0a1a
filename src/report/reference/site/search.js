
const field = document.getElementById("search");
field.hidden = false;
field.addEventListener("input", () => {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const section of document.querySelectorAll("section")) {
    let shown = 0;
    for (const line of section.querySelectorAll("li")) {
      const text = line.textContent.toLowerCase();
      line.hidden = !words.every((word) => text.includes(word));
      line.style.display = line.hidden ? "none" : "";
      shown += line.hidden ? 0 : 1;
    }
    section.style.display = shown === 0 ? "none" : "";
  }
});
