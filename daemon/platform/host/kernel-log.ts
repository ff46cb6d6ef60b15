/** The kernel's log, as far back as its buffer goes (Documentation/ABI/testing/dev-kmsg). */
import { closeSync, constants, openSync, readSync } from "node:fs";
import os from "node:os";

const file = "/dev/kmsg";
/** More than a record can have. */
const recordBytes = 8192;

export interface KernelLine {
  readonly time: Date;
  readonly text: string;
}

/**
 * Reads the lines that are there now, oldest first. It takes the right to read the log (CAP_SYSLOG, or kernel.dmesg_restrict off).
 * @param begins only lines that begin so
 * @throws Error of the system
 */
export function kernelLines(begins: RegExp): KernelLine[] {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  const bootMs = Date.now() - os.uptime() * 1000;
  const record = Buffer.alloc(recordBytes);
  const lines: KernelLine[] = [];
  try {
    for (;;) {
      const bytes = nextRecord(fd, record);
      if (bytes === undefined) return lines;
      // "priority,sequence,microseconds,flags;text", then lines of keys.
      const [, us, text] = /^\d+,\d+,(\d+),[^;]*;(.*)/.exec(record.toString("utf8", 0, bytes)) ?? [];
      if (text !== undefined && begins.test(text)) lines.push({ time: new Date(bootMs + Number(us) / 1000), text });
    }
  } finally {
    closeSync(fd);
  }
}

/** One read is one record. @returns its length, or nothing at the end */
function nextRecord(fd: number, record: Buffer): number | undefined {
  for (;;)
    try {
      return readSync(fd, record);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EAGAIN") return undefined;
      // Records that were overwritten while they were read.
      if (code !== "EPIPE") throw error;
    }
}

/** What a rule of nftables has written of a packet, in the words of LXD's logs. */
export function packetOf(text: string) {
  const word = (name: string): string | undefined => new RegExp(` ${name}=(\\S+)`).exec(text)?.[1];
  const [type, code] = [word("TYPE"), word("CODE")];
  return {
    proto: (word("PROTO") ?? "").toLowerCase(),
    src: word("SRC") ?? "",
    dst: word("DST") ?? "",
    src_port: word("SPT") ?? "",
    dst_port: word("DPT") ?? "",
    ...(type === undefined ? {} : { icmp_type: type }),
    ...(code === undefined ? {} : { icmp_code: code }),
  };
}
