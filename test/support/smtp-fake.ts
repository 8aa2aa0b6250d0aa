import { createServer, type Server, type Socket } from "node:net";

/** A mail server of a few lines that can be told to fail in the ways that mail servers fail. */
export type SmtpFake = {
  readonly url: string;
  readonly letters: string[];
  /** Refuses recipients with this status, and the words after it. */
  refuse: number | string | undefined;
  /** Takes so many letters whole and hangs up before it says so. */
  dropAfterData: number;
  /** How often anybody came: connections that were taken. */
  connections: number;
  /** Nobody listens any more; what is open is cut. */
  stop(): Promise<void>;
  /** Listens again at the same address. */
  start(): Promise<void>;
  close(): Promise<void>;
};

export async function startSmtpFake(): Promise<SmtpFake> {
  let server: Server | undefined;
  let port = 0;
  const sockets = new Set<Socket>();
  const fake: SmtpFake = {
    get url() {
      return `smtp://127.0.0.1:${port}`;
    },
    letters: [],
    refuse: undefined,
    dropAfterData: 0,
    connections: 0,
    start: async () => {
      const fresh = createServer((socket) => {
        sockets.add(socket);
        socket.once("close", () => sockets.delete(socket));
        serve(socket, fake);
      });
      server = fresh;
      await new Promise<void>((resolve, reject) => {
        fresh.once("error", reject);
        fresh.listen(port, "127.0.0.1", resolve);
      });
      const address = fresh.address();
      if (typeof address === "object" && address) port = address.port;
    },
    stop: async () => {
      const old = server;
      server = undefined;
      for (const socket of sockets) socket.destroy();
      if (old) await new Promise<void>((resolve) => old.close(() => resolve()));
    },
    close: () => fake.stop(),
  };
  await fake.start();
  return fake;
}

function serve(socket: Socket, fake: SmtpFake): void {
  let letter: string | undefined;
  let rest = "";
  const say = (line: string) => socket.write(`${line}\r\n`);
  fake.connections++;
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
          fake.letters.push(letter);
          letter = undefined;
          if (fake.dropAfterData > 0) {
            fake.dropAfterData--;
            socket.destroy();
          } else say("250 taken");
        }
      } else if (/^RCPT/i.test(line) && fake.refuse !== undefined) say(`${fake.refuse} not now`);
      else if (/^DATA/i.test(line)) {
        letter = "";
        say("354 go on");
      } else if (/^QUIT/i.test(line)) socket.end("221 bye\r\n");
      else say("250 fine");
    }
  });
}

/** Head and readable text of a letter of one part; folded lines of the head are joined. */
export function decodedLetter(letter = ""): { head: string; text: string } {
  const [folded = ""] = letter.split("\n\n");
  const head = folded.replace(/\n[ \t]+/g, " ");
  const body = letter.slice(folded.length);
  return { head, text: /base64/i.test(head) ? Buffer.from(body, "base64").toString("utf8") : decodeQuoted(body) };
}

function decodeQuoted(text: string): string {
  const bytes = text.replace(/=\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}
