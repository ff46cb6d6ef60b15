/*
 * Tries system calls without any library, for either size of word (-m32, -m64), and prints what the kernel said: 0, or the number of the error. "machine" is what uname
 * says.
 */
#ifdef __i386__
enum { EXIT = 1, WRITE = 4, ACCT = 51, UMOUNT2 = 52, SWAPON = 87, SOCKETCALL = 102, SYSLOG = 103, UNAME = 122, INIT_MODULE = 128, KEXEC_LOAD = 283, KEYCTL = 288,
       OPEN_BY_HANDLE_AT = 342, BPF = 357, SOCKET = 359 };
static long call(long number, long a, long b, long c, long d, long e) {
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e) : "memory");
    return result;
}
#else
enum { EXIT = 60, WRITE = 1, ACCT = 163, UMOUNT2 = 166, SWAPON = 167, SOCKETCALL = -1, SYSLOG = 103, UNAME = 63, INIT_MODULE = 175, KEXEC_LOAD = 246, KEYCTL = 250,
       OPEN_BY_HANDLE_AT = 304, BPF = 321, SOCKET = 41 };
static long call(long number, long a, long b, long c, long d, long e) {
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
    return result;
}
#endif
enum { IO_URING_SETUP = 425, IO_URING_ENTER, IO_URING_REGISTER, AF_UNIX = 1, AF_ALG = 38, AF_VSOCK = 40, STREAM = 1, SYSLOG_SIZE = 10 };

static void print(const char *text) {
    long length = 0;
    while (text[length] != '\0')
        length++;
    call(WRITE, 1, (long)text, length, 0, 0);
}

static void tell(const char *name, long result) {
    char digits[8] = "0";
    long error = result < 0 ? -result : 0;
    int at = 0;
    if (error >= 100)
        digits[at++] = (char)('0' + error / 100);
    if (error >= 10)
        digits[at++] = (char)('0' + error / 10 % 10);
    digits[at++] = (char)('0' + error % 10);
    digits[at] = '\0';
    print(name);
    print(" ");
    print(digits);
    print("\n");
}

void _start(void) {
    static char names[6][65], parameters[120];
    tell("kexec_load", call(KEXEC_LOAD, 0, 0, 0, 0, 0));
    tell("init_module", call(INIT_MODULE, 0, 0, 0, 0, 0));
    tell("open_by_handle_at", call(OPEN_BY_HANDLE_AT, -1, 0, 0, 0, 0));
    tell("bpf", call(BPF, 0, 0, 0, 0, 0));
    tell("keyctl", call(KEYCTL, 0, -3, 0, 0, 0));
    tell("swapon", call(SWAPON, 0, 0, 0, 0, 0));
    tell("acct", call(ACCT, 0, 0, 0, 0, 0));
    tell("syslog", call(SYSLOG, SYSLOG_SIZE, 0, 0, 0, 0));
    tell("umount2 by force", call(UMOUNT2, (long)"/", 1, 0, 0, 0));
    tell("io_uring_setup", call(IO_URING_SETUP, 1, (long)parameters, 0, 0, 0));
    tell("io_uring_enter", call(IO_URING_ENTER, -1, 0, 0, 0, 0));
    tell("io_uring_register", call(IO_URING_REGISTER, -1, 0, 0, 0, 0));
    tell("socket AF_UNIX", call(SOCKET, AF_UNIX, STREAM, 0, 0, 0));
    tell("socket AF_VSOCK", call(SOCKET, AF_VSOCK, STREAM, 0, 0, 0));
    tell("socket AF_ALG", call(SOCKET, AF_ALG, 5, 0, 0, 0));
#ifdef __i386__
    long unix_socket[] = {AF_UNIX, STREAM, 0};
    tell("socketcall AF_UNIX", call(SOCKETCALL, 1, (long)unix_socket, 0, 0, 0));
#else
    tell("socket AF_VSOCK with a high bit", call(SOCKET, AF_VSOCK | 1L << 32, STREAM, 0, 0, 0));
#endif
    call(UNAME, (long)names, 0, 0, 0, 0);
    print("machine ");
    print(names[4]);
    print("\n");
    call(EXIT, 0, 0, 0, 0, 0);
}
