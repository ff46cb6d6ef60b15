/** Units: what systemd is told of the daemon and of the clean end of its containers (systemd.service(5), systemd.exec(5)). */
import { containersUnit, daemonUnit, unitWord } from "../../sdk/host/service";

export interface ServiceOptions {
  /** The installed bothyd and bothy, absolute. */
  readonly bothyd: string;
  readonly bothy: string;
  /** The Node that both run by, absolute: a service's PATH holds no version manager's folders. */
  readonly node: string;
  /** State folder, absolute. */
  readonly dir: string;
  readonly group: string | undefined;
  readonly bare: boolean;
}

export interface Unit {
  readonly name: string;
  readonly text: string;
}

/** The first line of each of our units: another file of that name is not ours to change. */
export const mark = '# Written by "bothy daemon --install", taken away by "bothy daemon --uninstall".';

/** What a service finds on its PATH by itself. */
const servicePath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Of SELinux, where its policy has the module that --install loads. In the domain of other services Node may not run, and what the daemon starts would be what it is for
 * the host, and reach nothing of the daemon's.
 */
const domain = "SELinuxContext=-system_u:system_r:bothyd_t:s0";

/** A path in a setting that takes no quotes. */
const plainPath = (text: string): string => text.replaceAll("%", "%%").replaceAll(" ", "\\x20");

const pathFor = (node: string): string => {
  const folder = node.slice(0, node.lastIndexOf("/"));
  return servicePath.split(":").includes(folder) ? servicePath : `${folder}:${servicePath}`;
};

/** The units of an installed package. */
export function unitsFor(options: ServiceOptions): Unit[] {
  const { bothyd, bothy, node, dir, group, bare } = options;
  const start = [bothyd, "--dir", dir, ...(group === undefined ? [] : ["--group", group]), ...(bare ? ["--bare"] : [])];
  const environment = `Environment=${unitWord(`PATH=${pathFor(node)}`)}`;
  return [
    {
      name: daemonUnit,
      text: `${mark}
[Unit]
Description=Bothy, machine containers
After=network.target nftables.service apparmor.service
RequiresMountsFor=${plainPath(dir)}

[Service]
Type=notify
NotifyAccess=all
ExecStart=${start.map(unitWord).join(" ")}
${environment}
${domain}
# Supervisors of containers are in this group and go on when the daemon ends; the containers' own groups lie outside of it.
KillMode=process
Delegate=yes
OOMScoreAdjust=-900
OOMPolicy=continue
Restart=on-failure
RestartSec=1
TimeoutStartSec=300
TimeoutStopSec=120
LimitNOFILE=1048576
LimitNPROC=infinity
TasksMax=infinity

[Install]
WantedBy=multi-user.target
`,
    },
    {
      name: containersUnit,
      text: `${mark}
[Unit]
Description=Containers of Bothy: shut down in order when the host is, or when this is stopped
# So it stops before the daemon does. Not "Requires": a restart of the daemon is none of the containers.
Wants=${daemonUnit}
After=${daemonUnit}

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
ExecStop=${[bothy, "daemon", "--shutdown", "--dir", dir].map(unitWord).join(" ")}
${environment}
${domain}
# boot.host_shutdown_timeout bounds it, by container.
TimeoutStopSec=900
KillMode=process

[Install]
WantedBy=multi-user.target
`,
    },
  ];
}
