/* Role enter: a program goes into the network of a holder, and a spawner stays outside for it (docs/rootless.md). */
#pragma once

/**
 * `bothy-cell enter HOLDER SOCKET -- PROGRAM [ARGUMENT]...`, by root of the holder's user and mount namespace, in the network of the host. Proxies have a side in the
 * host's network, to which nobody can come back: so a spawner is started there, at SOCKET, which ends with the program. @returns an exit code when it fails
 */
int run_enter(int argc, char **argv);
