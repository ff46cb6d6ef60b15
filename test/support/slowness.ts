/** Slowness: how many times as long all that is bounded may take. A guest of qemu without KVM takes ten times as long as other machines. */
export const slowness = Number(process.env.BOTHY_TEST_SLOWNESS ?? "1");
