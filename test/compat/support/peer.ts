/** The daemon that a script speaks to: bothyd, or with PEER=lxd an LXD that runs already, which gives the transcript to compare with. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { withDaemon } from "../../support/daemon";
import { makeIdentity } from "../../support/https";
import { writeImage } from "../../support/image";
import { send } from "../../support/raw-http";

export interface Peer {
  readonly isLxd: boolean;
  readonly dir: string;
  readonly socket: string;
  /** What its extensions are. */
  readonly extensions: ReadonlySet<string>;
  /** A folder for this script alone: configuration of clients, files. */
  readonly home: string;
  /** Words of nsenter(1) for its network. */
  readonly network: readonly string[];
}

/** Where it listens for HTTPS once a script asks for that; the port is not one that others use beside us. */
export const httpsAddress = "127.0.0.1:18443";

/**
 * Whether the peer has all of what a step needs: extensions by name, and by path what has no extension of its own
 * (the answer about a nosuch instance then tells that the path is known).
 */
export async function hasAll({ extensions, socket }: Peer, needs: readonly string[]): Promise<boolean> {
  for (const need of needs) {
    const isThere = need.startsWith("/")
      ? !/^not found/.test((await send(socket, "GET", need)).json.error ?? "")
      : extensions.has(need);
    if (!isThere) return false;
  }
  return true;
}

/** Runs the work with the peer that PEER names; "lxd" is found by LXD_DIR, and its network namespace by PEER_NETNS (this machine's when absent). */
export async function withPeer(work: (peer: Peer) => void | Promise<void>): Promise<void> {
  const home = mkdtempSync(path.join(tmpdir(), "bothy-compat-"));
  try {
    writeImage(path.join(home, "image.tar.gz"), "compat", { files: 2, bytesPerFile: 64 });
    mkdirSync(path.join(home, "bin"));
    if (process.env.PEER === "lxd") {
      const dir = process.env.LXD_DIR;
      assert.ok(dir !== undefined, "LXD_DIR names the state folder of the LXD to record");
      const { PEER_NETNS: netns = "" } = process.env;
      const peer = await peerAt(
        dir,
        home,
        [`--net=${netns === "" ? "/proc/self/ns/net" : `/run/netns/${netns}`}`],
        true,
      );
      try {
        removeOurs(peer);
        await work(peer);
      } finally {
        removeOurs(peer);
      }
    } else
      await withDaemon({ bare: true }, async (daemon) =>
        work(await peerAt(daemon.dir, home, [`--target=${daemon.netns.pid}`, "--net"], false)),
      );
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function peerAt(dir: string, home: string, network: readonly string[], isLxd: boolean): Promise<Peer> {
  const socket = path.join(dir, "unix.socket");
  const { json } = await send(socket, "GET", "/1.0");
  const { api_extensions } = json.metadata as { api_extensions: string[] };
  // The first run of these clients says hello.
  for (const name of ["lxc", "incus"]) {
    mkdirSync(path.join(home, ".config", name), { recursive: true });
    writeFileSync(path.join(home, ".config", name, "config.yml"), "{}\n");
  }
  return { isLxd, dir, socket, extensions: new Set(api_extensions), home, network };
}

/** Takes what scripts make (it is called ct...) from an LXD, which keeps what others have in it. */
function removeOurs(peer: Peer): void {
  const names = (list: string) => `for n in $(lxc ${list} -f csv | grep -oE "^ct[^, ]*"); do`;
  const script = `
    for p in $(lxc project list -f csv | grep -oE "^ct[^, ]*") default; do
      ${names('list -c n --project "$p"')} lxc delete -f "$n" --project "$p"; done
      ${names('image list -c l --project "$p"')} lxc image delete "$n" --project "$p"; done
      for n in $(lxc image list -f csv -c Fd | sed -n 's/,compat$//p'); do lxc image delete "$n" --project "$p"; done
      ${names('profile list --project "$p"')} lxc profile delete "$n" --project "$p"; done
      [ "$p" = default ] || lxc project delete "$p"
    done
    for p in $(lxc storage list -f csv | grep -oE "^ct[^, ]*"); do
      for n in $(lxc storage volume list "$p" -f csv -c n type=custom); do lxc storage volume delete "$p" "$n"; done
      lxc storage delete "$p"
    done
    ${names("network list")} lxc network delete "$n"; done
    ${names("network zone list")} lxc network zone delete "$n"; done
    ${names("network acl list")} lxc network acl delete "$n"; done
    ${names("config trust list-tokens")} lxc config trust revoke-token "$n"; done
    for n in $(lxc config trust list -f csv | sed -n 's/^client,ct[^,]*,[^,]*,\\([0-9a-f]*\\),.*/\\1/p'); do lxc config trust remove "$n"; done`;
  runInside(peer, ["sh", "-c", script], environmentOf(peer));
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment that every client gets: what it needs to find the peer, and nothing of this process. */
export function environmentOf(peer: Peer, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    PATH: `${peer.home}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: peer.home,
    TMPDIR: peer.home,
    LANG: "C.UTF-8",
    TZ: "UTC",
    LXD_DIR: peer.dir,
    INCUS_SOCKET: peer.socket,
    SOCK: peer.socket,
    ADDR: httpsAddress,
    ...more,
  };
}

/** Certificates of clients: client1.crt and client1.key and so on, in the home. */
export function writeIdentities(peer: Peer, count: number): void {
  for (let index = 1; index <= count; index += 1) {
    const { cert, key } = makeIdentity(`ct-client${index}`);
    writeFileSync(path.join(peer.home, `client${index}.crt`), cert);
    writeFileSync(path.join(peer.home, `client${index}.key`), key);
  }
}

/** Runs a program in the peer's network and in the home of the script, to its end. */
export function runInside(
  peer: Peer,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
  input = "",
): Ran {
  const { status, stdout, stderr } = spawnSync("nsenter", [...peer.network, "--", ...words], {
    cwd: peer.home,
    env,
    input,
    encoding: "utf8",
    timeout: 120_000,
    maxBuffer: 64 << 20,
  });
  return { code: status ?? -1, stdout, stderr };
}
