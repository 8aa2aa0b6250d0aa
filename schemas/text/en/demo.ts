/** Words of `npm run demo` in English. */
export const demo = {
  "demo.begin": "Making a simulated province: {centres} centres, {days} days. Every figure is simulated.",
  "demo.progress": "{percent} % · day {day} · {observations} observations · {seconds} s",
  "demo.ready": "Done after {seconds} s: {observations} observations, {readings} readings. The simulated province goes on in real time.",
  "demo.resumed": "Going on with the simulated province that is here, from {day}.",
  "demo.stopped": "Stopped as asked; the next start goes on from here.",
} as const;
