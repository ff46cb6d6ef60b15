/**
 * Address at which containers of an ordinary user's daemon find the host's resolver: pasta hands on what is sent there (pasta(1), --dns-forward). It is of the
 * link-local block, which nobody routes (RFC 3927).
 */
export const resolverWithin = "169.254.1.1";
