/** IPv6 arithmetic, as the wire types have it. */
export * from "../../../sdk/api/ipv6";
