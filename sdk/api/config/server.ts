/** Configuration keys of the server; every key here has an effect, and those of `core.bgp_*` that of a warning. */
import { isIPv4 } from "node:net";
import { bgpPort, dnsPort, listenAddress, listenAddressWith, metricsPort } from "./listen-address";
import { readerOf } from "./reader";
import { grouped, type KeyTable } from "./table";
import {
  addressList,
  anyText,
  architecture,
  bool,
  compression,
  expiry,
  integer,
  oneLine,
  proxyAddress,
  size,
  text,
  volumePath,
} from "./values";

const since = "0.1.0";

/** Who reaches the server from elsewhere (docs/lxd-api.md, Trust). */
const core = grouped("core", {
  "core.bgp_address": {
    type: listenAddressWith(bgpPort),
    unset: "no address",
    applies: "now",
    since,
    extension: "network_bgp",
    example: "10.0.0.5",
    doc: "Address for BGP. Kept, and nobody listens there: see `core.bgp_asn`.",
  },
  "core.bgp_asn": {
    type: integer(0, 2 ** 32 - 2),
    unset: "none",
    applies: "now",
    since,
    extension: "network_bgp",
    example: "65000",
    doc: "Number of the server's autonomous system. Kept, and nothing is announced by BGP, of which a warning tells: a router daemon of the host, such as bird, can announce the subnets of networks.",
  },
  "core.bgp_routerid": {
    type: text("IPv4 address", (value) => (isIPv4(value) ? undefined : "it must be an IPv4 address")),
    unset: "none",
    applies: "now",
    since,
    extension: "network_bgp",
    example: "10.0.0.5",
    doc: "Identifier of the server as a router. Kept, as `core.bgp_asn` is.",
  },
  "core.dns_address": {
    type: listenAddressWith(dnsPort),
    unset: "zones are served to nobody",
    applies: "now",
    since,
    extension: "network_dns",
    example: "10.0.0.5:53",
    doc: "Where the server answers peers of network zones over DNS, as `core.https_address` says it. Without a port it is 53.",
  },
  "core.https_allowed_credentials": {
    type: bool,
    default: "false",
    applies: "now",
    since,
    extension: "https_allowed_credentials",
    example: "true",
    doc: "Whether pages of `core.https_allowed_origin` may bring the browser's own credentials.",
  },
  "core.https_allowed_headers": {
    type: oneLine,
    unset: "none",
    applies: "now",
    since,
    example: "Origin, X-Requested-With, Content-Type, Accept",
    doc: "Headers that pages of `core.https_allowed_origin` may send.",
  },
  "core.https_allowed_methods": {
    type: oneLine,
    unset: "none",
    applies: "now",
    since,
    example: "GET, POST, PUT, DELETE, OPTIONS",
    doc: "Methods that pages of `core.https_allowed_origin` may use.",
  },
  "core.https_allowed_origin": {
    type: oneLine,
    unset: "no other site",
    applies: "now",
    since,
    example: "https://panel.example",
    doc: "Site whose pages a browser lets talk to the server, or `*` for every one. With `core.https_allowed_credentials` such a page acts with its user's client certificate.",
  },
  "core.https_address": {
    type: listenAddress,
    unset: "not on the network",
    applies: "now",
    since,
    example: "10.0.0.5:8443",
    doc: "Where the server listens for HTTPS: `host:port`, `:port` for every address of the host, `[ipv6]:port`. Without a port it is 8443.",
  },
  "core.https_trusted_proxy": {
    type: addressList,
    unset: "no proxy",
    applies: "now",
    since,
    extension: "server_trusted_proxy",
    example: "10.0.0.7,fd00::7",
    doc: "Addresses of proxies that pass connections on to the server and say by the PROXY protocol, version 1 or 2, whose they are. Other clients are not believed that.",
  },
  "core.metrics_address": {
    type: listenAddressWith(metricsPort),
    unset: "no address for metrics alone",
    applies: "now",
    since,
    extension: "metrics",
    example: "10.0.0.5:9100",
    doc: "Where the server shows its metrics over HTTPS, and nothing else, as `core.https_address` says it. Without a port it is 9100.",
  },
  "core.metrics_authentication": {
    type: bool,
    default: "true",
    applies: "now",
    since,
    extension: "metrics_authentication",
    example: "false",
    doc: "Whether metrics are for trusted clients alone. When `false`, whoever reaches an address of the server reads them.",
  },
  "core.proxy_http": {
    type: proxyAddress,
    unset: "`HTTP_PROXY` of the daemon's environment",
    applies: "now",
    since,
    example: "http://proxy.example:3128",
    doc: "The proxy by which the daemon reaches servers over HTTP.",
  },
  "core.proxy_https": {
    type: proxyAddress,
    unset: "`HTTPS_PROXY` of the daemon's environment",
    applies: "now",
    since,
    example: "http://proxy.example:3128",
    doc: "The proxy by which the daemon reaches servers over HTTPS.",
  },
  "core.proxy_ignore_hosts": {
    type: anyText,
    unset: "`NO_PROXY` of the daemon's environment",
    applies: "now",
    since,
    example: "images.lab.example, .intern",
    doc: "Hosts and domains that are reached without a proxy, with commas between; `*` for all. This host never needs one.",
  },
  "core.remote_token_expiry": {
    type: expiry,
    unset: "never",
    applies: "now",
    since,
    extension: "remote_token_expiry",
    example: "1d",
    doc: "How long a token counts that makes a client trusted, from when it is made. Units are `S`, `M`, `H`, `d`, `w`, `m`, `y`.",
  },
  "core.shutdown_timeout": {
    type: integer(0, 1_000_000),
    default: "5",
    applies: "now",
    since,
    example: "1",
    doc: "Minutes that a shutdown waits for operations that run, before it stops the containers.",
  },
  "core.trust_ca_certificates": {
    type: bool,
    default: "false",
    applies: "now",
    since,
    extension: "trust_ca_certificates",
    example: "true",
    doc: "Whether a client whose certificate `server.ca` in the state folder signed has the whole server without being added. `ca.crl` names those that count no more; one that is in the trust store has what stands there.",
  },
  "core.trust_password": {
    type: anyText,
    secret: true,
    unset: "no password",
    applies: "now",
    since,
    example: "a long one",
    doc: "By which clients make themselves trusted. It is kept as a hash and reads back as `true`; who writes `true` leaves it as it is.",
  },
});

const backups = grouped("backups", {
  "backups.compression_algorithm": {
    type: compression,
    default: "gzip",
    applies: "now",
    since,
    extension: "backup_compression",
    example: "zstd -3",
    doc: "How new backups are packed that say nothing of it: `none`, or one of bzip2, gzip, lzma, pigz, xz and zstd with its options.",
  },
});

/** Images of other servers (docs/lxd-api.md, Images from elsewhere). */
const remote = grouped("images", {
  "images.auto_update_cached": {
    type: bool,
    default: "true",
    applies: "now",
    since,
    example: "false",
    doc: "Whether images that are fetched for instances are brought up to date by themselves.",
  },
  "images.auto_update_interval": {
    type: integer(0, 2 ** 31 - 1),
    default: "6",
    applies: "now",
    since,
    example: "24",
    doc: "How many hours pass between looks for newer images; 0 for never.",
  },
  "images.default_architecture": {
    type: architecture,
    unset: "that of the host",
    applies: "now",
    since,
    extension: "images_default_architecture",
    example: "x86_64",
    doc: "The architecture of which an image is taken where an alias has several.",
  },
  "images.remote_cache_expiry": {
    type: integer(0, 2 ** 31 - 1),
    default: "10",
    applies: "now",
    since,
    example: "30",
    doc: "How many days an image that was fetched for an instance is kept after its last use; 0 for ever.",
  },
});

/** Images may be hostile: what one may hold and cost (docs/lxd-api.md, Images). */
const images = grouped("images", {
  "images.compression_algorithm": {
    type: compression,
    default: "gzip",
    applies: "now",
    since,
    example: "zstd -3",
    doc: "How images are packed that are made of instances: `none`, or one of bzip2, gzip, lzma, pigz, xz and zstd with its options.",
  },
  "images.limits.depth": {
    type: integer(1, 2047),
    default: "200",
    applies: "now",
    since,
    extension: "bothy_image_limits",
    example: "100",
    doc: "How many folders may lie in one another in an image.",
  },
  "images.limits.entries": {
    type: integer(1, 100_000_000),
    default: "2000000",
    applies: "now",
    since,
    extension: "bothy_image_limits",
    example: "500000",
    doc: "How many files and folders an image may hold.",
  },
  "images.limits.names": {
    type: size,
    default: "256MiB",
    applies: "now",
    since,
    extension: "bothy_image_limits",
    example: "64MiB",
    doc: "How long the names of all files in an image may be together.",
  },
  "images.limits.ratio": {
    type: integer(1, 1_000_000),
    default: "100",
    applies: "now",
    since,
    extension: "bothy_image_limits",
    example: "20",
    doc: "To how many times its own size an image may unpack. The first 256 MiB do not count.",
  },
  "images.limits.size": {
    type: size,
    default: "64GiB",
    applies: "now",
    since,
    extension: "bothy_image_limits",
    example: "8GiB",
    doc: "To what size an image may unpack.",
  },
  "images.limits.time": {
    type: integer(1, 1_000_000),
    default: "3600",
    applies: "now",
    since,
    extension: "bothy_image_limits",
    example: "600",
    doc: "Seconds that the check of an image may take, and its unpacking.",
  },
});

/** Where what takes much room is kept (docs/lxd-api.md, Server). */
const storage = grouped("storage", {
  "storage.backups_volume": {
    type: volumePath,
    unset: "`backups` in the state folder",
    applies: "now",
    since,
    extension: "daemon_storage",
    example: "default/backups",
    doc: "The custom volume of the default project in which backups are kept, as `POOL/VOLUME`: an empty one that nobody else has. What is there is moved at once.",
  },
  "storage.images_volume": {
    type: volumePath,
    unset: "`images` in the state folder",
    applies: "now",
    since,
    extension: "daemon_storage",
    example: "default/images",
    doc: "The custom volume of the default project in which images are kept, as `POOL/VOLUME`: an empty one that nobody else has. What is there is moved at once.",
  },
});

const user = grouped("user", {
  "user.*": { type: anyText, secret: true, applies: "now", since, example: "lab", doc: "Free for the user." },
});

export const serverKeys = { ...backups, ...core, ...remote, ...images, ...storage, ...user } satisfies KeyTable;

/** Reads the configuration of the server. */
export const serverConfig = readerOf(serverKeys);
