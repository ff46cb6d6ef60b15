/** security.syscalls.profile beside the other keys of system calls: what adds up, and what is refused since one would take away what the other asks for. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { preparePool } from "../support/daemon";
import { compileGuest } from "../support/guest";
import { keysOf } from "../support/having";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";

const skip = requireFeature("calls of x86_64", process.arch === "x64");
const strict = { "security.syscalls.profile": "strict" } as const;
const image = { type: "image", alias: "template:busybox" };

const shared = shareDaemon({}, async (daemon) => {
  await preparePool(daemon, "overlay");
  await (await daemon.client.createInstance({ name: "web", source: image })).wait();
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-profile-"));
  compileGuest(path.resolve(__dirname, "../../../test/isolation/guest/refused.c"), path.join(folder, "refused"));
  await daemon.client.putFile("web", "/bin/refused", readFileSync(path.join(folder, "refused")), { mode: 0o755 });
  rmSync(folder, { recursive: true });
});

async function inside(script: string): Promise<string> {
  const { stdout, stderr } = await shared.client.execOutput("web", { command: ["sh", "-c", script] });
  return `${stdout}${stderr}`.trim();
}

const { patch, having } = keysOf(shared, "web");

/** Which of these calls of x86_64 answers what; bad arguments answer something else where they are made. */
const calls = { fanotify_init: 300, fsopen: 430, io_uring_setup: 425, keyctl: 250, getppid: 110, acct: 163 } as const;
const answers = async (...names: (keyof typeof calls)[]): Promise<string> =>
  (await inside(`refused wide ${names.map((name) => calls[name]).join(" ")} | cut -d' ' -f2`)).replaceAll("\n", " ");

const [EPERM, ENOSYS] = ["1", "38"];

test("a container follows its profile from its next start on, its commands too", { skip }, async () => {
  const refused = () => answers("fanotify_init", "fsopen");
  await having({ "security.syscalls.profile": "default" }, async () => {
    const before = await refused();
    assert.doesNotMatch(before, new RegExp(`^${EPERM} ${ENOSYS}$`));
    await patch(strict);
    assert.equal(await refused(), before, "it keeps what it was made by");
  });
  await having(strict, async () => {
    assert.equal(await refused(), `${EPERM} ${ENOSYS}`);
    await patch({ "security.syscalls.profile": "" });
    assert.equal(await refused(), `${EPERM} ${ENOSYS}`);
    assert.equal(await inside("grep -h ^Seccomp_filters /proc/1/status"), "Seccomp_filters:\t1");
  });
});

test("what security.syscalls.deny denies is denied besides, with its own error", { skip }, () =>
  having({ ...strict, "security.syscalls.deny": "getppid errno 77\nacct errno 78" }, async () =>
    assert.equal(await answers("getppid", "acct", "fsopen"), `77 78 ${ENOSYS}`),
  ),
);

test("security.syscalls.permit gives back what it names, and nothing else", { skip }, async () => {
  await having(strict, async () => assert.equal(await answers("io_uring_setup", "keyctl"), `${ENOSYS} ${ENOSYS}`));
  await having({ ...strict, "security.syscalls.permit": "io_uring" }, async () => {
    assert.match(await answers("io_uring_setup", "keyctl"), new RegExp(`^(?!${ENOSYS} )\\d+ ${ENOSYS}$`));
  });
});

test("calls of 32 bits are there by the same list, and none with security.syscalls.deny_compat", { skip }, async () => {
  // getppid, acct, fanotify_init
  const narrow = () => inside("refused narrow 64 51 338 | cut -d' ' -f2 | tr '\\n' ' '");
  await having(strict, async () => assert.equal(await narrow(), `0 ${EPERM} ${EPERM}`));
  await having({ ...strict, "security.syscalls.deny_compat": "true" }, async () => {
    assert.equal(await narrow(), `${ENOSYS} ${ENOSYS} ${ENOSYS}`);
    assert.equal(await answers("getppid", "acct"), `0 ${EPERM}`);
  });
});

test("intercepted calls are answered, as they are all in the list", { skip }, () =>
  having(
    {
      ...strict,
      "security.syscalls.intercept.mknod": "true",
      "security.syscalls.intercept.setxattr": "true",
      "security.syscalls.intercept.sysinfo": "true",
      "limits.memory": "64MiB",
    },
    async () => {
      assert.equal(await inside("mknod /root/n c 1 3 && stat -c %t:%T /root/n"), "1:3");
      assert.match(await inside("free -k"), /Mem: +65536/);
      assert.equal(await answers("fanotify_init", "fsopen"), `${EPERM} ${ENOSYS}`);
    },
  ),
);

test("keys that would take away what the profile asks for are refused by name, in a profile too", async () => {
  const url = "/1.0/instances/web";
  for (const [key, value, named] of [
    ["raw.seccomp", "2\ndenylist", /profile=strict cannot be set together with raw.seccomp\. Unset one/],
    ["security.syscalls.allow", "read", /profile=strict cannot be set together with security.syscalls.allow\./],
    ["security.syscalls.whitelist", "read", /profile=strict cannot be set together with security.syscalls.whitelist\./],
    ["security.syscalls.deny_default", "false", /cannot be set together with security.syscalls.deny_default=false\./],
    ["security.syscalls.blacklist_default", "false", /together with security.syscalls.blacklist_default=false\./],
  ] as const) {
    await shared.refuses("PATCH", url, { config: { ...strict, [key]: value } }, 400, named);
    await patch({ [key]: value });
    await shared.refuses("PATCH", url, { config: strict }, 400, named);
    await patch({ [key]: "", ...strict });
    await shared.refuses("PATCH", "/1.0/profiles/default", { config: { [key]: value } }, 400, named);
    await patch({ "security.syscalls.profile": "" });
  }
  await shared.refuses(
    "PATCH",
    url,
    { config: { "security.syscalls.profile": "tight" } },
    400,
    /"security.syscalls.profile".*default.*strict/,
  );
});
