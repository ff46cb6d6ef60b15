/** Holes that containers had elsewhere in the last ten years: for each the reason why it cannot arise here, or the test that tries it. */

export interface Hole {
  readonly cve: string;
  readonly of: "LXC" | "LXD" | "Incus" | "runc" | "crun" | "kernel";
  /** What an attacker did. */
  readonly what: string;
  /** Why the same comes to nothing here. */
  readonly here: string;
  /** A test that tries it or holds the reason: its file below test/, and its title or a part of it. */
  readonly test?: readonly [file: string, title: string];
}

const tries = "comes to nothing that reaches the host";
const byDescriptor =
  "Each path of a container is resolved by the kernel within the root (openat2, RESOLVE_IN_ROOT), and mounts are moved onto what was opened";

export const holes: readonly Hole[] = [
  {
    cve: "CVE-2015-1331",
    of: "LXC",
    what: "planted a symlink where a lock file was made in a folder that all may write to",
    here: "No file of ours lies in a folder that others may write to; the state folder is the daemon's alone",
    test: ["daemon/state-folder.test.ts", "an ordinary user of the host can read nothing that the daemon keeps"],
  },
  {
    cve: "CVE-2015-1334",
    of: "LXC",
    what: "gave a false /proc to a process that entered, so that its confinement was not applied",
    here: "Who enters opens what it needs of /proc before it enters, and is confined by descriptors",
    test: ["native/exec.test.ts", "the command is in all namespaces of the container and has its capabilities only"],
  },
  {
    cve: "CVE-2015-1335",
    of: "LXC",
    what: "led a mount of the start out of the root by a symlink",
    here: byDescriptor,
    test: ["native/start.test.ts", "a bind whose inner path is a symlink out of the root lands within it"],
  },
  {
    cve: "CVE-2016-8649",
    of: "LXC",
    what: "traced a process that entered, and took a descriptor of the host's /proc from it",
    here: "Who enters has no descriptor of the host any more, and cannot be traced until it has the container's identity",
    test: [
      "native/visible.test.ts",
      "a privileged container that watches all processes finds no descriptor of the host in one that enters",
    ],
  },
  {
    cve: "CVE-2016-10124",
    of: "LXC",
    what: "typed into the terminal of who had started a command",
    here: "A command's terminal is one of the container's own; the caller's is at the other end of a websocket",
    test: ["isolation/tries.test.ts", tries],
  },
  {
    cve: "CVE-2017-5985, CVE-2018-6556, CVE-2022-47952",
    of: "LXC",
    what: "had a helper with the setuid bit change networks, or tell which files there are",
    here: "There is no program with the setuid bit",
  },
  {
    cve: "CVE-2017-18641",
    of: "LXC",
    what: "changed packages on their way, which templates fetched without a check",
    here: "Templates are built of signed archives, and images are checked against the hash that a server with a certificate gave",
    test: ["daemon/image-remote.test.ts", "a server that lies gets nothing in"],
  },
  {
    cve: "CVE-2019-5736",
    of: "runc",
    what: "wrote over the program that had entered, by /proc/PID/exe",
    here: "bothy-cell runs from a sealed copy in memory that nobody can write",
    test: [
      "native/start.test.ts",
      "the helper's program cannot be written through a process of a privileged container",
    ],
  },
  {
    cve: "CVE-2016-3697",
    of: "runc",
    what: "was root by a user's name that is a number in the image's /etc/passwd",
    here: "Users of commands are numbers of the API; names of OCI images are read once, at import, and stay inside of the user namespace",
    test: ["native/exec.test.ts", "user, group, environment, umask and working folder are as asked"],
  },
  {
    cve: "CVE-2016-9962",
    of: "runc",
    what: "traced a process that entered and used what it had open",
    here: "As CVE-2016-8649",
    test: ["native/exec.test.ts", "no descriptor of the helper reaches the command, nor its working folder"],
  },
  {
    cve: "CVE-2019-16884, CVE-2023-28642",
    of: "runc",
    what: "had an image's volume or symlink take the place of /proc, so that the label was written to a file",
    here: "What tells the kernel of a confinement goes through a proc that the daemon mounted, checked to be one",
  },
  {
    cve: "CVE-2019-19921, CVE-2021-30465, CVE-2023-27561",
    of: "runc",
    what: "swapped a folder for a symlink while volumes were mounted",
    here: byDescriptor,
    test: ["native/start.test.ts", "a bind whose inner path is a symlink out of the root lands within it"],
  },
  {
    cve: "CVE-2021-43784",
    of: "runc",
    what: "overflowed a length in the message that carries the id map",
    here: "Requests are words with a bounded length, checked before anything is done",
    test: ["native/start.test.ts", "a request that is not understood is refused before anything is done"],
  },
  {
    cve: "CVE-2022-24769, CVE-2022-29162, CVE-2022-27650",
    of: "runc",
    what: "got capabilities back from the inheritable set (crun alike)",
    here: "The inheritable and the ambient set are empty",
    test: ["native/exec.test.ts", "the command is in all namespaces of the container and has its capabilities only"],
  },
  {
    cve: "CVE-2023-25809",
    of: "runc",
    what: "wrote to the host's control groups from a rootless container without a namespace of its own for them",
    here: "Each container has a control group namespace, and owns the group below its limits at most",
    test: ["isolation/tries.test.ts", tries],
  },
  {
    cve: "CVE-2024-21626",
    of: "runc",
    what: "had a working folder of /proc/self/fd/N, which was the host's",
    here: "The folder is entered after the root was changed and all descriptors were closed",
    test: ["native/exec.test.ts", "no descriptor of the helper reaches the command, nor its working folder"],
  },
  {
    cve: "CVE-2024-45310",
    of: "runc",
    what: "had empty files made on the host by a race with the making of mount targets",
    here: byDescriptor,
    test: ["native/start.test.ts", "a bind whose inner path is a symlink out of the root lands within it"],
  },
  {
    cve: "CVE-2025-31133",
    of: "runc",
    what: "swapped the container's /dev/null, which was bound over what is masked, for a symlink to a file of the host's kernel",
    here: "A mask is a clone of the host's own /dev/null, taken while the host's root is still ours and no program of the image runs",
    test: ["native/start.test.ts", "masked files are empty, masked folders too, and read-only paths refuse a write"],
  },
  {
    cve: "CVE-2025-52565",
    of: "runc",
    what: "swapped /dev/console or its terminal for a symlink while it was bound",
    here: "The terminal is opened by us in the container's own devpts and bound by descriptor",
  },
  {
    cve: "CVE-2025-52881",
    of: "runc",
    what: "led writes of labels and sysctls to other files of proc by races of mounts",
    here: "Sysctls are written before the image has any program that runs, through a proc that is checked to be one; no two containers share a mount",
    test: ["daemon/mounts.test.ts", "linux.sysctl.* counts in a privileged container too"],
  },
  {
    cve: "CVE-2019-18837",
    of: "crun",
    what: "had a symlink of the image as target of a mount",
    here: byDescriptor,
    test: ["native/start.test.ts", "a bind whose inner path is a symlink out of the root lands within it"],
  },
  {
    cve: "CVE-2025-24965",
    of: "crun",
    what: "had a file of the container's root, a symlink, written by the host",
    here: "Files of a root are written by a process that is within it, as the container's root",
    test: ["native/file.test.ts", "a symlink that points out of the root leads to a place within it"],
  },
  {
    cve: "CVE-2015-1340",
    of: "LXD",
    what: "raced the change of owners of a root with symlinks",
    here: "Owners on disk are never changed: roots are mounted through their id map",
  },
  {
    cve: "CVE-2015-8222",
    of: "LXD",
    what: "opened the daemon's socket, which all could for a moment",
    here: "The socket is made closed to others, and opened to its group afterwards",
    test: ["daemon/state-folder.test.ts", "an ordinary user of the host can read nothing that the daemon keeps"],
  },
  {
    cve: "CVE-2016-1581, CVE-2016-1582",
    of: "LXD",
    what: "read roots of containers as a user of the host, or ran their setuid programs",
    here: "The folder of a root is closed to all but the daemon and the container's root, whatever the container was before",
    test: ["daemon/state-folder.test.ts", "an ordinary user of the host can read nothing that the daemon keeps"],
  },
  {
    cve: "CVE-2024-6156, CVE-2024-6219",
    of: "LXD",
    what: "was trusted without restriction because its certificate came from the server's authority",
    here: "A certificate that is known by restriction keeps it, whoever signed it",
    test: [
      "daemon/certificate-restricted.test.ts",
      "what is of other projects or of the whole server it neither sees nor changes",
    ],
  },
  {
    cve: "CVE-2025-54286",
    of: "LXD",
    what: "had a page in the browser of somebody trusted send changes",
    here: "A request that a page of another origin sends is refused",
    test: ["daemon/https-routes.test.ts", "a page of somebody else in a trusted browser gets nothing"],
  },
  {
    cve: "CVE-2025-54287",
    of: "LXD",
    what: "read files of the host by a pattern of snapshots' names",
    here: "Patterns know some words and no file; so do templates",
    test: [
      "isolation/known-holes.test.ts",
      "a pattern of snapshots' names and a template of a file reads nothing of the host",
    ],
  },
  {
    cve: "CVE-2025-54288",
    of: "LXD",
    what: "was taken for another container at /dev/lxd/sock by what it called itself",
    here: "Each container has a socket of its own, and the kernel says who is at it",
    test: ["daemon/guest-api.test.ts", "each container is told of itself, whatever it says"],
  },
  {
    cve: "CVE-2025-54289",
    of: "LXD",
    what: "took over somebody else's operation by its websocket",
    here: "An operation's websocket wants its secret, and a client sees the operations of its projects",
    test: ["daemon/certificate-restricted.test.ts", "events and operations are those of its projects"],
  },
  {
    cve: "CVE-2025-54290, CVE-2025-54291",
    of: "LXD",
    what: "learned which projects there are by how their images were refused",
    here: "A fingerprint is not a pattern, and a project that is not yours answers as one that is not there",
    test: [
      "isolation/known-holes.test.ts",
      "whether a project is there is not told to strangers, whatever they ask with",
    ],
  },
  {
    cve: "CVE-2025-54293",
    of: "LXD",
    what: "read files beside the logs by the name of a log",
    here: "A log's name is one of a folder's names",
    test: [
      "isolation/known-holes.test.ts",
      "a log, a backup, a template and an exec's record are files of their folder",
    ],
  },
  {
    cve: "CVE-2026-3351",
    of: "LXD",
    what: "listed all trusted certificates as a restricted client",
    here: "Lists hold what the client may see one by one",
    test: ["daemon/certificate-restricted.test.ts", "lists hold what is in its projects, with all-projects too"],
  },
  {
    cve: "CVE-2026-9640",
    of: "LXD",
    what: "restored a snapshot of an imported backup that had what the project forbids",
    here: "A restore is judged by the project's rules as any other change is",
    test: ["isolation/known-holes.test.ts", "a snapshot that came with a backup and breaks the project's rules"],
  },
  {
    cve: "CVE-2026-28384",
    of: "LXD",
    what: "had a command run as a compression algorithm",
    here: "Algorithms are a list of names, and no shell is between",
    test: ["isolation/known-holes.test.ts", "a compression algorithm is a name, and never a command"],
  },
  {
    cve: "CVE-2026-34178",
    of: "LXD",
    what: "sent a backup with two descriptions, one for the check and one for the instance",
    here: "The instance is made of the description that was checked",
    test: [
      "isolation/known-holes.test.ts",
      "a backup whose second description breaks the project's rules makes no such instance",
    ],
  },
  {
    cve: "CVE-2026-34179",
    of: "LXD",
    what: "changed its own certificate into one without restriction",
    here: "A restricted client renews its certificate and changes nothing else of it",
    test: ["isolation/known-holes.test.ts", "a restricted client does not make itself more than it is"],
  },
  {
    cve: "CVE-2026-23953",
    of: "Incus",
    what: "wrote lines of LXC's configuration by a line break in a value",
    here: "There is no file of configuration between: values go as words that end with a zero byte",
    test: ["isolation/known-holes.test.ts", "a line break in a value stays in the value"],
  },
  {
    cve: "CVE-2026-23954",
    of: "Incus",
    what: "read and wrote files of the host by an image's templates",
    here: "Templates are read of the image's own folder of them, and written by a process within the root",
    test: [
      "daemon/image-templates-applied.test.ts",
      "a template never writes outside of the container's root, whatever symlinks its image has",
    ],
  },
  {
    cve: "CVE-2026-40195, CVE-2026-40251",
    of: "Incus",
    what: "ended the daemon by a backup whose descriptions lack parts",
    here: "What a file says is parsed as a whole before any of it counts",
    test: [
      "isolation/known-holes.test.ts",
      "a backup whose descriptions lack parts or name others than there are is refused",
    ],
  },
  {
    cve: "CVE-2022-0492",
    of: "kernel",
    what: "had the host run a program when a control group was empty",
    here: "The file for it lies above what a container sees of a hierarchy",
    test: ["isolation/tries.test.ts", tries],
  },
  {
    cve: "CVE-2022-0185, CVE-2023-0386, CVE-2021-3493",
    of: "kernel",
    what: "broke the kernel from a user namespace, by its making of mounts and overlays",
    here: "A container is a user namespace, so this is the kernel's to mend: docs/security.md, What is out of scope",
  },
  {
    cve: "CVE-2026-31431",
    of: "kernel",
    what: "wrote to the page cache of files that containers share, by sockets of AF_ALG",
    here: "No socket of AF_ALG is made, by no call of 64 or of 32 bits; socketcall, which hides the family, makes no sockets",
    test: ["native/narrow.test.ts", "no socket of vsock or AF_ALG is made by socketcall"],
  },
  {
    cve: "CVE-2022-2588, CVE-2022-29582, CVE-2023-2598",
    of: "kernel",
    what: "broke the kernel by io_uring, vsock or rare families of sockets",
    here: "io_uring, vsock and AF_ALG are denied; the rest is the kernel's to mend",
    test: ["native/seccomp.test.ts", "denies what reaches the host, to programs of either size"],
  },
];
