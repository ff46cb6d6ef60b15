/** remote add: makes a server elsewhere known under a name. */
import { addImageServer, addRemote } from "../../sdk/index";
import { type Command, formatOption, UsageError } from "../command";
import type { Output } from "../output";

export const add: Command = {
  words: "<NAME> <ADDRESS>",
  withoutDaemon: true,
  options: {
    password: { type: "string", value: "TEXT", help: "The server's core.trust_password." },
    fingerprint: { type: "string", value: "SHA256", help: "The fingerprint that its certificate must have." },
    "accept-certificate": { type: "boolean", help: "Take the certificate that the server shows, whatever it is." },
    ca: { type: "boolean", help: "Trust what this system's certificate authorities trust, also when it changes." },
    protocol: {
      type: "string",
      value: "NAME",
      help: "What it speaks: lxd, which is found out for Incus too, simplestreams for a server of images, or oci for a registry.",
    },
    ...formatOption,
  },
  details: [
    "ADDRESS is https://host:8443 (the port may be left out), or a token of the server, which tells address and fingerprint.",
    'Afterwards "--endpoint remote:NAME", BOTHY_ENDPOINT and an endpoint of a Pulumi program lead there.',
    "Without token, fingerprint or --ca, the fingerprint is asked about on a terminal. Examples:",
    "",
    "  bothy remote add lab eyJjbGllbnRfbmFtZSI6...      a token of: lxc config trust add",
    "  bothy remote add lab https://lab.example --fingerprint SHA256 --password TEXT",
    "  bothy remote add images https://mirror.example/images --protocol simplestreams   in place of the usual one",
    "  bothy remote add own https://images.example --protocol oci",
  ].join("\n"),
  run: async ({ words: [name = "", address = ""], flag, value, output }) => {
    const protocol = value("protocol") ?? "lxd";
    if (protocol === "simplestreams" || protocol === "oci") {
      const server = addImageServer(name, address, process.env, protocol);
      if (output.format === "json") output.json(server);
      else output.say(`Added ${name}: images of ${server.url}`);
      return 0;
    }
    if (protocol !== "lxd" && protocol !== "incus")
      throw new UsageError(`the protocol "${protocol}" is not known; use lxd, simplestreams or oci`);
    const remote = await addRemote(name, address, {
      password: value("password"),
      fingerprint: value("fingerprint"),
      ca: flag("ca"),
      accept: (fingerprint, url) => flag("accept-certificate") || isConfirmed(output, fingerprint, url),
    });
    if (output.format === "json") output.json(remote);
    else output.say(`Added ${name}: ${remote.url}, ${remote.fingerprint ?? "trusted by this system"}`);
    return 0;
  },
};

/** Asks whoever sits there; where nobody does, nothing is confirmed. */
async function isConfirmed(output: Output, fingerprint: string, url: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false;
  output.error(`The server at ${url} shows a certificate with the fingerprint\n  ${fingerprint}`);
  const { createInterface } = await import("node:readline/promises");
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question("Is it the server's? (yes/no) ")).trim());
  } finally {
    lines.close();
  }
}
