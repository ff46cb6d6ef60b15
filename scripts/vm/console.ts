// npm run vm -- GUEST: boots a guest, with the packed package in it, and gives its serial console to whoever wants to look for himself.
import { once } from "node:events";
import { rmSync } from "node:fs";
import path from "node:path";
import { Agent } from "./agent";
import { runFolder } from "./cache";
import { guestNamed, guestNames } from "./guests";
import { qemuCommand, startQemu } from "./machine";

const usage = `Usage: npm run vm -- GUEST

  GUEST  ${guestNames().join(", ")}
`;

/** Nobody logs in at the serial line of a guest for tests: this one has a shell of root's there. */
const login = `rm -f /etc/systemd/system/serial-getty@ttyS0.service
mkdir -p /run/systemd/system/serial-getty@ttyS0.service.d
printf '[Service]\\nExecStart=\\nExecStart=-/sbin/agetty --autologin root --keep-baud 115200 - vt220\\n' > /run/systemd/system/serial-getty@ttyS0.service.d/login.conf
systemctl daemon-reload
systemctl start --no-block serial-getty@ttyS0.service`;
const loginSeconds = 600;

async function main([name]: readonly string[]): Promise<void> {
  if (name === undefined || name === "--help") {
    console.log(usage);
    process.exitCode = name === undefined ? 2 : 0;
    return;
  }
  const guest = guestNamed(name);
  const folder = runFolder(guest.name);
  try {
    const qemu = startQemu(await qemuCommand(guest, folder, [], ["-serial", "mon:stdio"]), folder, "inherit");
    const end = once(qemu, "exit");
    console.log(`${guest.title} boots; by emulation that takes some minutes. A shell of root's follows.`);
    console.log("What is written in it is thrown away. To leave: Ctrl-A, then X.");
    const agent = await Agent.connect(path.join(folder, "agent"), () => qemu.exitCode !== null);
    // The line closes with the machine.
    void agent.ready().then(() => agent.run(login, loginSeconds));
    await end;
    agent.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
