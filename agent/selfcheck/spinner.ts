import type { Terminal } from "../terminal.ts";

// Plain characters: an old Windows console knows no others for certain.
const frames = ["|", "/", "-", "\\"];
const FRAME_MS = 120;
const ERASE_LINE = "\r\u001b[K";

export type Spinner = { readonly show: (words: string) => void; readonly stop: () => void };

/** Says on one line of a terminal what is being done; on anything else it says nothing at all. */
export function spinner(terminal: Pick<Terminal, "err" | "animates">, wanted: boolean): Spinner {
  if (!wanted || !terminal.animates) return { show: () => undefined, stop: () => undefined };
  let words = "";
  let frame = 0;
  const draw = () => terminal.err(`${ERASE_LINE}${frames[frame++ % frames.length]} ${words}`);
  const timer = setInterval(draw, FRAME_MS);
  timer.unref();
  return {
    show: (now) => {
      words = now;
      draw();
    },
    stop: () => {
      clearInterval(timer);
      terminal.err(ERASE_LINE);
    },
  };
}
