/** bothy/testing: environments for test suites, made in containers of their own and gone with them (docs/testing-environments.md). */
export type {
  CommandOutput,
  ContainerArgs,
  EnvironmentOptions,
  FileArgs,
  RunOptions,
  VolumeArgs,
  WaitArgs,
} from "./args";
export type { Builder } from "./builder";
export type { Container } from "./container";
export { Environment, type Program } from "./environment";
