import { defineConfig } from "vitest/config";

// Forks of processes, vitest's own way: a worker that is a thread hears no signals.
export default defineConfig({ test: { include: ["*.vitest.ts"], pool: "forks", testTimeout: 60_000 } });
