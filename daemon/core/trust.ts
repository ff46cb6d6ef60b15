/** Trust port: what those who show a certificate may. kinds/certificate keeps the certificates. */
import type { Rights } from "./call";

export interface Trust {
  /** @param fingerprint SHA-256 of a certificate whose key the client has, in 64 hexadecimal digits */
  rightsOf(fingerprint: string): Rights;
  /** Whether a certificate that the administrator's authority signed makes a client trusted by itself. */
  readonly trustsSigned: boolean;
  /** Whether an address is that of a proxy which says whose connections it brings. */
  isProxy(address: string): boolean;
  /** What a client for metrics may read of those. */
  metricsOf(fingerprint: string): Rights;
  /** Whether it is in the trust store, whatever it may. */
  isStored(fingerprint: string): boolean;
}
