/** Accelerator: whether this machine's KVM really runs a guest; inside another virtual machine it often only seems to. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { cached, keyOf } from "./cache";

/** A kernel without a disk panics and leaves within a second or two where KVM works. */
const trialMs = 15_000;
const keptDays = 1;

/** @param kernel any kernel of a guest @returns qemu's words, the same until this machine boots again */
export async function accelerator(kernel: string): Promise<readonly string[]> {
  const key = keyOf(readFileSync("/proc/sys/kernel/random/boot_id"));
  const folder = await cached("accelerator", key, keptDays, async (building) => {
    writeFileSync(path.join(building, hasWorkingKvm(kernel) ? "kvm" : "tcg"), "");
  });
  return existsSync(path.join(folder, "kvm"))
    ? ["-accel", "kvm", "-cpu", "host"]
    : ["-accel", "tcg,thread=multi", "-cpu", "max"];
}

function hasWorkingKvm(kernel: string): boolean {
  if (!existsSync("/dev/kvm")) return false;
  const bare = ["-nodefaults", "-display", "none", "-nic", "none", "-no-reboot", "-accel", "kvm", "-cpu", "host"];
  const args = [...bare, "-m", "256", "-kernel", kernel, "-append", "panic=-1"];
  return (
    spawnSync("qemu-system-x86_64", args, { timeout: trialMs, killSignal: "SIGKILL", stdio: "ignore" }).status === 0
  );
}
