"use strict";
// Sorts and searches the table of grades. Nothing here writes markup, and without it the page is a plain table.
const table = document.querySelector(".class");
const said = document.querySelector("#said");
const rows = [...table.tBodies[0].rows];
const collator = new Intl.Collator(undefined, { numeric: true });

// Numbers by size, texts by the reader's alphabet; nothing comes last whatever the order.
function compare(first, second, down) {
  if (first === "" || second === "") return (first === "") - (second === "");
  const between = Number(first) - Number(second);
  return (Number.isNaN(between) ? collator.compare(first, second) : between) * (down ? -1 : 1);
}

function sort(head) {
  const down = head.getAttribute("aria-sort") === "ascending";
  for (const one of table.tHead.rows[0].cells) one.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const value = (row) => row.cells[head.cellIndex].dataset.value;
  table.tBodies[0].append(...[...rows].sort((a, b) => compare(value(a), value(b), down)));
  said.textContent = `Sorted by ${head.dataset.name}, ${down ? "descending" : "ascending"}.`;
}

for (const head of table.tHead.rows[0].cells) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => sort(head));
}

// Without accents and case, so that "muller" finds Müller.
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const names = new Map(rows.map((row) => [row, plain(row.cells[0].textContent)]));
const find = document.querySelector(".find");
find.hidden = false;
find.querySelector("input").addEventListener("input", (event) => {
  const words = plain(event.target.value).split(/\s+/);
  for (const row of rows) row.hidden = !words.every((word) => names.get(row).includes(word));
  said.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} students shown.`;
});
