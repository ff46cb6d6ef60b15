/** Keys of containers that are made of an image of OCI: what they run. */
import { splitWords } from "../shell-words";
import { grouped } from "../table";
import { absolutePath, text, unixId } from "../values";

const since = "0.1.0";

const command = text("command with its arguments, quoted as for a shell", (value) => {
  if (value.includes("\0")) return "it must not hold a NUL";
  const words = splitWords(value);
  if (words === undefined) return "a quote in it is not closed";
  return words.length === 0 || words[0] === "" ? "it must name a program" : undefined;
});

export const ociKeys = grouped("oci", {
  "oci.cwd": {
    type: absolutePath,
    unset: "`/`",
    computed: true,
    applies: "next start",
    since,
    extension: "instance_oci_entrypoint",
    example: "/srv/app",
    doc: "Working folder of the command. A new container has that of its image.",
  },
  "oci.entrypoint": {
    type: command,
    unset: "none, and the container cannot start",
    computed: true,
    applies: "next start",
    since,
    extension: "instance_oci_entrypoint",
    example: "/docker-entrypoint.sh nginx -g 'daemon off;'",
    doc: "The command that the container runs. A new container has that of its image. It counts in containers made of an image of OCI only.",
  },
  "oci.gid": {
    type: unixId,
    default: "0",
    computed: true,
    applies: "next start",
    since,
    extension: "instance_oci_entrypoint",
    example: "1000",
    doc: "Group that the command runs as. A new container has that of its image.",
  },
  "oci.uid": {
    type: unixId,
    default: "0",
    computed: true,
    applies: "next start",
    since,
    extension: "instance_oci_entrypoint",
    example: "1000",
    doc: "User that the command runs as. A new container has that of its image.",
  },
});
