/** Trust port: what those who show a certificate may. kinds/certificate keeps the certificates. */
import type { Rights } from "./call";

export interface Trust {
  /** @param fingerprint SHA-256 of a certificate whose key the client has, in 64 hexadecimal digits */
  rightsOf(fingerprint: string): Rights;
  /** What a client for metrics may read of those. */
  metricsOf(fingerprint: string): Rights;
}
