import { createServer, type Socket } from "node:net";

/** A mail server of a few lines: takes letters, or refuses recipients with a status, as long as `refuse` says so. */
export type SmtpFake = { readonly url: string; readonly letters: string[]; refuse: number | undefined; close(): Promise<void> };

export async function startSmtpFake(): Promise<SmtpFake> {
  const letters: string[] = [];
  const fake = { refuse: undefined as number | undefined };
  const server = createServer((socket) => serve(socket, letters, () => fake.refuse));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return Object.assign(fake, { url: `smtp://127.0.0.1:${port}`, letters, close: () => new Promise<void>((resolve) => server.close(() => resolve())) });
}

function serve(socket: Socket, letters: string[], refusal: () => number | undefined): void {
  let letter: string | undefined;
  let rest = "";
  const say = (line: string) => socket.write(`${line}\r\n`);
  socket.on("error", () => socket.destroy());
  say("220 fake");
  socket.on("data", (chunk) => {
    rest += chunk.toString("utf8");
    for (let end = rest.indexOf("\r\n"); end >= 0; end = rest.indexOf("\r\n")) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 2);
      if (letter !== undefined) {
        if (line !== ".") letter += `${line}\n`;
        else {
          letters.push(letter);
          letter = undefined;
          say("250 taken");
        }
      } else if (/^RCPT/i.test(line) && refusal() !== undefined) say(`${refusal()} not now`);
      else if (/^DATA/i.test(line)) {
        letter = "";
        say("354 go on");
      } else if (/^QUIT/i.test(line)) socket.end("221 bye\r\n");
      else say("250 fine");
    }
  });
}
