/**
 * Node version: an old Node fails deep inside a dependency, in words that help nobody. Imported for its effect, before everything
 * else, where programs and Pulumi's dynamic-provider process come in.
 */

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < 22 || (major === 22 && minor < 19))
  throw new Error(
    `Cannot run bothy on Node ${process.versions.node}: it needs Node 22.19 or newer. Put a newer node first on PATH, then run the command again.`,
  );
