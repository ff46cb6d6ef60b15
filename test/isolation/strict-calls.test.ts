/** security.syscalls.profile=strict: what the list refuses is refused with the error that it says, and usual programs do not notice. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { seccompDir } from "../../sdk/host/package";
import type { Client, Devices } from "../../sdk/index";
import { preparePool, withDaemon } from "../support/daemon";
import { compileGuest } from "../support/guest";
import { writeNestImage } from "../support/nested";
import { requireFeature } from "../support/require";
import { readNumbers, readStrictList, type StrictAnswer } from "../support/strict-list";

const skip = requireFeature("root", process.getuid?.() === 0);
const folder = mkdtempSync(path.join(tmpdir(), "bothy-strict-"));
const program = path.join(folder, "refused");
const strict = { "security.syscalls.profile": "strict" } as const;

before(() => {
  if (skip === false) compileGuest(path.resolve(__dirname, "../../../test/isolation/guest/refused.c"), program);
});
after(() => rmSync(folder, { recursive: true }));

async function start(client: Client, name: string, config: Record<string, string>): Promise<void> {
  const source = { type: "image", alias: "template:busybox" };
  await (await client.createInstance({ name, source, config })).wait();
  await (await client.setInstanceState(name, { action: "start" })).wait();
  await client.putFile(name, "/bin/refused", readFileSync(program), { mode: 0o755 });
}

/** What calls are refused with, by number. @param width "narrow" for those of 32 bits */
async function refusals(client: Client, name: string, width: string, numbers: readonly number[]) {
  const command = ["refused", width, ...numbers.map(String)];
  const { stdout, stderr } = await client.execOutput(name, { command });
  assert.equal(String(stderr), "");
  return new Map(
    String(stdout)
      .trim()
      .split("\n")
      .map((line) => line.split(" ").map(Number) as [number, number]),
  );
}

const errors: Readonly<Partial<Record<StrictAnswer, number>>> = { EPERM: 1, ENOSYS: 38 };
/** x32's getpid; numbers that no kernel has yet. */
const unknown = [0x4000_0000 + 39, 470, 600, 1023];

test(
  "each call that the list refuses answers its error, whatever the container is, and so does what is not in it",
  {
    skip,
  },
  () =>
    withDaemon({ bare: true }, async (daemon) => {
      await preparePool(daemon, "dir");
      const { calls } = readNumbers(path.join(seccompDir, "names"));
      for (const mode of ["plain", "nesting", "privileged"]) {
        await start(daemon.client, mode, { ...strict, ...(mode === "plain" ? {} : { [`security.${mode}`]: "true" }) });
        for (const [of, width] of (process.arch === "x64" ? ["wide", "narrow"] : ["wide"]).entries()) {
          const refused = readStrictList(mode === "nesting").flatMap(([name, answer]) => {
            const number = calls.get(name)?.[of] ?? -1;
            return errors[answer] === undefined || number < 0 ? [] : [[number, errors[answer]] as const];
          });
          assert.ok(refused.length > 40, `${refused.length} are refused`);
          const wanted = new Map([...refused, ...unknown.map((number) => [number, 38] as const)]);
          assert.deepEqual(await refusals(daemon.client, mode, width, [...wanted.keys()]), wanted, `${mode}, ${width}`);
        }
      }
    }),
);

const tools = ["/usr/bin/gcc", "/usr/bin/python3", "/usr/bin/perl", "/usr/bin/busybox"];
const lacks =
  skip ||
  requireFeature(
    "gcc, python3 and perl",
    tools.every((tool) => existsSync(tool)),
  );

const cSource = `
#include <pthread.h>
#include <stdio.h>
static void *answer(void *number) { return (char *)number + 2; }
int main(void) {
    pthread_t thread;
    void *result;
    if (pthread_create(&thread, NULL, answer, (void *)40) != 0 || pthread_join(thread, &result) != 0) return 1;
    printf("%ld\\n", (long)result);
    return 0;
}
`;

/** Threads, processes, pipes, sockets, shared memory, files, time and the event loop. */
const pythonSource = `
import asyncio, fcntl, mmap, multiprocessing, os, random, shutil, signal, socket, sqlite3, ssl, subprocess, tempfile, threading, time
def square(number):
    return number * number
async def served():
    async def serve(reader, writer):
        writer.write((await reader.readline()).upper())
        await writer.drain()
        writer.close()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"asked\\n")
    return (await reader.readline()).decode().strip()
if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool:
        print(pool.map(square, [2, 3]))
    threads = [threading.Thread(target=time.sleep, args=(0.01,)) for _ in range(8)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    print(asyncio.run(served()))
    with tempfile.TemporaryDirectory() as folder:
        base = sqlite3.connect(os.path.join(folder, "base"))
        base.execute("pragma journal_mode=wal"); base.execute("create table t (n)"); base.execute("insert into t values (7)"); base.commit()
        print(base.execute("select n from t").fetchone()[0])
        shutil.copyfile(os.path.join(folder, "base"), os.path.join(folder, "copy"))
        with open(os.path.join(folder, "copy"), "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX); mmap.mmap(file.fileno(), 0).close()
    print(subprocess.run("cat | tr a-z A-Z", shell=True, input=b"piped", stdout=subprocess.PIPE).stdout.decode())
    signal.signal(signal.SIGALRM, lambda *_: print("alarm")); signal.setitimer(signal.ITIMER_REAL, 0.01); signal.pause()
    left, right = socket.socketpair(); socket.send_fds(left, [b"x"], [1]); print(len(socket.recv_fds(right, 1, 1)[1]))
    print(len(os.getrandom(8)), ssl.create_default_context().verify_mode.name)
`;

test("a compiler, Python, Perl and a shell with usual programs run", { skip: lacks }, () =>
  withDaemon({ bare: true }, async (daemon) => {
    await preparePool(daemon, "dir");
    const { client } = daemon;
    const image = path.join(folder, "image.tar.gz");
    writeNestImage(image);
    const { metadata } = await (await client.createImageFromFile(image)).wait();
    const source = { type: "image" as const, fingerprint: String(metadata?.fingerprint) };
    const devices: Devices = { usr: { type: "disk", source: "/usr", path: "/usr", readonly: "true" } };
    const config = { ...strict, "raw.lxc": "lxc.init.cmd=/opt/init" };
    await (await client.createInstance({ name: "c", source, config, devices })).wait();
    await (await client.setInstanceState("c", { action: "start" })).wait();
    await client.putFile("c", "/root/answer.c", cSource);
    await client.putFile("c", "/root/many.py", pythonSource);
    const run = async (script: string) => {
      const { code, stdout, stderr } = await client.execOutput("c", { command: ["sh", "-c", `cd /root; ${script}`] });
      assert.equal(code, 0, `${script}: ${stdout}${stderr}`);
      return String(stdout).trim();
    };
    assert.equal(await run("gcc -O2 -Wall -Werror -pthread answer.c -o answer && ./answer"), "42");
    assert.equal(await run("ip link set lo up; python3 many.py"), "[4, 9]\nASKED\n7\nPIPED\nalarm\n1\n8 CERT_REQUIRED");
    assert.equal(
      await run("perl -MPOSIX -e 'my $pid = fork; exit 3 unless $pid; waitpid $pid, 0; print $? >> 8'"),
      "3",
    );
    assert.equal(
      await run(
        "mkdir d; echo text >d/f; ln -s f d/l; tar -czf d.tgz d; rm -r d; tar -xzf d.tgz; sha256sum <d/l | cut -c1-8",
      ),
      "b9e68e1b",
    );
    assert.equal(await run("find / -xdev -name answer.c | xargs grep -c pthread | sed 's/^/has /'"), "has 3");
    assert.equal(
      await run("timeout 0.1 sleep 5 || echo $?; nice -n 5 nice; (ulimit -n 100; ulimit -n)"),
      "124\n5\n100",
    );
    assert.equal(await run("unshare --user --map-root-user --mount sh -c 'mount -t tmpfs none /mnt && id -u'"), "0");
    assert.equal(await run("setpriv --no-new-privs --reuid 7 --clear-groups id -u; chroot / id -u"), "7\n0");
  }),
);
