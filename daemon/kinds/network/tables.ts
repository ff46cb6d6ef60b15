/** Names of the nftables tables that a network has: one of IP, and one of its bridge's ports. */

export const tableOf = (network: string): string => `inet bothy_${network}`;

export const portTableOf = (network: string): string => `bridge bothy_${network}`;
