// Times in the reader's own zone and habit. The server, which knows neither,
// writes them in UTC; that stays as the title.

const format = new Intl.DateTimeFormat(undefined, {
  year: "numeric", month: "short", day: "numeric", hour: "numeric", minute: "2-digit", second: "2-digit", timeZoneName: "short",
});

for (const time of document.querySelectorAll("time")) {
  const at = Date.parse(time.dateTime);
  if (Number.isNaN(at)) continue;
  time.title = time.textContent;
  time.textContent = format.format(at);
  time.lang = format.resolvedOptions().locale;
}
