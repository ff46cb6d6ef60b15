/** Home of certificates: the platform, and what they ask of others. */
import type { Changes } from "../../core/changes";
import type { Projects } from "../../core/projects";
import type { Platform } from "../../platform/platform";
import type { KnownCertificate } from "../../platform/tls/server-certificate";

export interface CertificateHome extends Platform {
  readonly changes: Changes;
  readonly projects: Projects;
  readonly server: {
    /** @throws ApiError UNAVAILABLE while too many ask at once */
    isTrustPassword(given: string): Promise<boolean>;
    /** When a token expires that is made now; undefined for never. */
    tokenExpiry(): Date | undefined;
    /** Where clients reach the server; none while it is not on the network. */
    addresses(): string[];
  };
  /** The server's own. */
  readonly certificate: { known(): KnownCertificate | undefined };
  readonly doors: {
    /** Ends the connections of a client at once. @param but the one on which the answer to this goes out */
    hangUp(fingerprint: string, but: object | undefined): void;
  };
}
