/* make check: the pure parts, and the ways that this kernel does not take by itself. One line a sentence, as in TAP. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/child.h"
#include "base/json.h"
#include "base/util.h"
#include "kernel/choose.h"
#include "kernel/container.h"
#include "kernel/overlay.h"
#include "kernel/rootfs.h"
#include "kernel/tables.h"
#include "kernel/userns.h"
#include "verbs/notify/device-program.h"
#include "verbs/notify/mount.h"
#include "verbs/notify/sysinfo.h"
#include "verbs/proxy/proxy-header.h"
#include "verbs/sftp/sftp-packet.h"
#include "wire/cell.h"
#include "wire/commands.h"
#include "wire/request.h"

static int number, failures;

static void check(bool good, const char *sentence) {
    printf("%s %d - %s\n", good ? "ok" : "not ok", ++number, sentence);
    failures += !good;
}

static bool escapes_to(const char *text, const char *expected) {
    struct json json = {.fd = -1};
    json_string(&json, text);
    bool same = strcmp(json.text, expected) == 0;
    free(json.text);
    return same;
}

static void check_json(void) {
    check(escapes_to("plain", "\"plain\""), "text is quoted");
    check(escapes_to("a\"b\\c\n\x01", "\"a\\\"b\\\\c\\u000a\\u0001\""), "quotes, backslashes and control characters are escaped");
    check(escapes_to("\xc3\xbc\xe2\x82\xac\xf0\x9f\x90\xa7", "\"\xc3\xbc\xe2\x82\xac\xf0\x9f\x90\xa7\""), "UTF-8 is kept");
    check(escapes_to("\xff", "\"\xef\xbf\xbd\"") && escapes_to("\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"") && escapes_to("\xed\xa0\x80x", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdx\"") &&
              escapes_to("\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\""),
          "what is not UTF-8 is replaced: stray bytes, overlong forms, surrogates, cut ends");
}

static bool heads(const char *from, const char *to, const char *expected) {
    struct sockaddr_in6 ends[2] = {{.sin6_family = AF_INET6, .sin6_port = htons(56324)}, {.sin6_family = AF_INET6, .sin6_port = htons(443)}};
    char line[HEADER_MAX];
    if (inet_pton(AF_INET6, from, &ends[0].sin6_addr) != 1 || inet_pton(AF_INET6, to, &ends[1].sin6_addr) != 1)
        return false;
    size_t length = format_header((struct sockaddr *)&ends[0], (struct sockaddr *)&ends[1], line);
    return length == strlen(expected) && strcmp(line, expected) == 0;
}

static void check_header(void) {
    check(heads("2001:db8::1", "2001:db8::2", "PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n"), "the PROXY protocol's line names both ends of IPv6");
    check(heads("::ffff:192.0.2.1", "::ffff:192.0.2.2", "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n"), "what came over IPv4 is named so");
    check(heads("::ffff:192.0.2.1", "2001:db8::2", "PROXY UNKNOWN\r\n"), "two families make no line");
    const char *longest = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    check(heads(longest, longest, "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 56324 443\r\n"), "the longest line has room");
}

static void check_numbers(void) {
    uint64_t value;
    unsigned mode;
    check(parse_number("0", 9, &value) && value == 0 && parse_number("18446744073709551615", UINT64_MAX, &value) && value == UINT64_MAX, "whole numbers are read");
    check(!parse_number("", 9, &value) && !parse_number("-1", 9, &value) && !parse_number("1 ", 9, &value) && !parse_number(" 1", 9, &value) &&
              !parse_number("10", 9, &value) && !parse_number("18446744073709551616", UINT64_MAX, &value),
          "nothing else is a number, nor one beyond its bound");
    check(parse_octal("1777", 07777, &mode) && mode == 01777 && !parse_octal("8", 07777, &mode) && !parse_octal("10000", 07777, &mode), "modes are octal");
}

static void check_tables(void) {
    unsigned flags;
    check(parse_mount_flags("-", &flags) && flags == 0 && parse_mount_flags("ro,rec,optional", &flags) && (flags & FLAG_RECURSIVE) != 0 && (flags & FLAG_OPTIONAL) != 0,
          "mount flags are read");
    check(!parse_mount_flags("ro,", &flags) && !parse_mount_flags("rox", &flags) && !parse_mount_flags("r", &flags), "unknown mount flags are refused");
    check(rlimit_number("nofile") >= 0 && rlimit_number("nofiles") < 0 && rlimit_number("") < 0, "limits are known by their whole names");
    check(command_number("signal 15", "signal ", 64) == 15 && command_number("signal 65", "signal ", 64) == 0 && command_number("signal", "signal ", 64) == 0,
          "a command's number stays within its bound");
}

static bool says_of_256(const char *text, size_t size) {
    return names_number(text, size, "lib-", 256);
}

static void check_choice(void) {
    static const char old[] = "\0lib-255.so\0lib-x\0lib-", new[] = "lib-1.so\0lib-257.so", huge[] = "lib-99999999999999999999999999";
    check(says_of_256(new, sizeof new) && says_of_256("lib-256", 7) && says_of_256(huge, sizeof huge), "a word with a number behind it is found among bytes");
    check(!says_of_256(old, sizeof old - 1) && !says_of_256("lib-256", 6) && !says_of_256("", 0) && !says_of_256("lib-", 4), "a smaller number, none, or one that is cut off does not count");
}

static void check_maps(void) {
    const struct id_map map = {.line = {{0, 100000, 1000}, {1000, 1000, 1}, {1001, 101001, 64535}}, .count = 3};
    uint32_t host;
    check(map_id(&map, 0, &host) && host == 100000 && map_id(&map, 1000, &host) && host == 1000 && map_id(&map, 65535, &host) && host == 165535, "ids are mapped line by line");
    check(!map_id(&map, 65536, &host), "an id outside of the map has no host id");
}

/** Random bytes as requests: whatever they say, the answer is an error or a parsed request, and no byte beyond them is touched. */
static void check_parser(void) {
    static const char *const words[] = {"start", "exec", "file", "put", "nic", "rlimit", "idmap-uid", "tty", "arg", "env", "0", "-1", "4294967295", "", "nofile", "mount", "put", "mask", "umask", "cap-keep", "proxy", "proxy-listen", "proxy-connect", "host", "tcp", "unix", "@x", "/x", "::1", "80"};
    unsigned seed = 1;
    for (int round = 0; round < 20000; round++) {
        char text[256];
        size_t size = 0;
        for (int count = 1 + (int)(rand_r(&seed) % 12); count > 0; count--) {
            const char *word = words[(unsigned)rand_r(&seed) % COUNT_OF(words)];
            memcpy(text + size, word, strlen(word) + 1);
            size += strlen(word) + 1;
        }
        if (rand_r(&seed) % 8 == 0)
            text[(unsigned)rand_r(&seed) % size] = (char)rand_r(&seed);
        struct cell cell;
        cell_begin(&cell, -1);
        char *bytes = request_memory(&cell, size);
        memcpy(bytes, text, size);
        int result = parse_request(&cell, bytes, size);
        if ((result < 0) != (cell.status.error != NULL))
            check(false, "a refused request has an error and an accepted one has none");
        release_request(&cell);
        forget_error(&cell.status);
    }
    check(true, "twenty thousand random requests are parsed or refused");
}

/** In a child, on a tmpfs of its own. */
static bool try_overlay(enum overlay_way way) {
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mount("tmpfs", "/mnt", "tmpfs", 0, "mode=755") < 0)
        return false;
    mkdir("/mnt/low1", 0755), mkdir("/mnt/low2", 0755), mkdir("/mnt/upper", 0755), mkdir("/mnt/work", 0755);
    close(open("/mnt/low1/one", O_CREAT | O_WRONLY, 0644));
    close(open("/mnt/low2/two", O_CREAT | O_WRONLY, 0644));
    struct container container = EMPTY_CONTAINER;
    struct root_source root = {.kind = ROOT_OVERLAY, .upper = "/mnt/upper", .work = "/mnt/work", .lower = "/mnt/low1:/mnt/low2"};
    struct cell cell = {.conn = -1, .container = &container, .root = &root};
    container.uids = (struct id_map){.line = {{0, 100000, 65536}}, .count = 1};
    container.gids = container.uids;
    struct stat one, made;
    if (make_userns(&cell) < 0 || build_overlay_in_way(&cell, way) < 0) {
        printf("# %s", cell.status.error);
        return false;
    }
    if (setns(container.userns_fd, CLONE_NEWUSER) < 0 || become_inner_root() < 0)
        return false;
    close(openat(container.root_fd, "made", O_CREAT | O_WRONLY, 0644));
    return fstatat(container.root_fd, "one", &one, 0) == 0 && one.st_uid == 0 && faccessat(container.root_fd, "two", F_OK, 0) == 0 &&
           stat("/mnt/upper/made", &made) == 0 && made.st_uid == 65534;
}

static int try_overlay_way(void *context) {
    const enum overlay_way *way = context;
    bool good = try_overlay(*way);
    fflush(stdout);
    return good ? 0 : 1;
}

static bool apart(enum overlay_way way) {
    fflush(stdout);
    return run_apart(try_overlay_way, &way) == 0;
}

static void check_sftp(void) {
    char text[8];
    size_t size;
    const unsigned char cut[] = {0, 0, 0, 9, 'a'}, nul[] = {0, 0, 0, 2, 'a', 0}, fits[] = {0, 0, 0, 7, 'a', 'b', 'c', 'd', 'e', 'f', 'g'}, many[] = {0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff};
    struct sftp_in in = {.at = cut, .left = sizeof cut};
    sftp_take_bytes(&in, &size);
    check(in.bad && size == 0, "a string of SFTP that is longer than its packet is none");
    in = (struct sftp_in){.at = nul, .left = sizeof nul};
    sftp_take_text(&in, text, sizeof text);
    check(in.bad && *text == '\0', "a path with NUL is none");
    in = (struct sftp_in){.at = fits, .left = sizeof fits};
    sftp_take_text(&in, text, sizeof text);
    check(!in.bad && strcmp(text, "abcdefg") == 0 && in.left == 0, "one that fills its room exactly is taken");
    in = (struct sftp_in){.at = fits, .left = sizeof fits};
    sftp_take_text(&in, text, sizeof text - 1);
    check(in.bad, "one that does not fit is not cut");
    struct sftp_attributes attributes;
    in = (struct sftp_in){.at = many, .left = sizeof many};
    sftp_take_attributes(&in, &attributes);
    check(in.bad, "attributes that claim four thousand million extensions end with their packet");
    in = (struct sftp_in){.at = many, .left = 3};
    check(sftp_take_u32(&in) == 0 && in.bad && sftp_take_u64(&in) == 0 && in.left == 3, "nothing is read past the end");
}

static bool mount_options_are(const char *type, unsigned long flags, const char *given, const char *expected, unsigned attributes) {
    char data[128], options[256];
    unsigned found;
    snprintf(data, sizeof data, "%s", given);
    const bool is_taken = read_mount_options(type, flags, data, options, sizeof options, &found);
    return expected == NULL ? !is_taken : is_taken && strcmp(options, expected) == 0 && found == attributes;
}

static void check_mount_options(void) {
    enum { RDONLY = 1, NOSUID = 2, NODEV = 4 };
    check(mount_options_are("xfs", 0, "", "", NODEV), "a mount from outside never has device nodes");
    check(mount_options_are("xfs", MS_RDONLY | MS_NOSUID, "nouuid", "ro,nouuid", RDONLY | NOSUID | NODEV), "flags and options of a mount are passed on");
    check(mount_options_are("ext4", 0, "", "errors=remount-ro", NODEV), "an ext4 does not end the host by its errors");
    check(mount_options_are("ext4", 0, "errors=continue,,rw", "errors=continue,rw", NODEV), "the harmless ways to take errors are left to the caller");
    check(mount_options_are("ext4", 0, "errors=panic", NULL, 0), "an option that ends the host is refused");
    check(mount_options_are("ext4", 0, "journal_path=/dev/sda", NULL, 0), "an option that names a file of the host is refused");
    check(mount_options_are("ext4", MS_MANDLOCK, "", NULL, 0), "a flag that is not known is refused");
    char many[128];
    memset(many, 0, sizeof many);
    for (int i = 0; i < 42; i++)
        strcat(many, "rw,");
    char options[16], data[128];
    unsigned attributes;
    strcpy(data, many);
    check(!read_mount_options("xfs", 0, data, options, sizeof options, &attributes), "more options than there is room for are refused");
}

static void check_device_programs(void) {
    const struct bpf_insn answer = {.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 1}, end = {.code = BPF_JMP | BPF_EXIT};
    struct bpf_insn program[DEVICE_PROGRAM_MAX + 1] = {answer, end};
    check(is_plain_device_program(program, 2), "a program that answers is plain");
    check(!is_plain_device_program(program, 0) && !is_plain_device_program(program, 1) && !is_plain_device_program(program + 1, 1), "one without an answer or an end is not");
    program[0] = (struct bpf_insn){.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = BPF_REG_0, .src_reg = BPF_REG_1, .off = 8};
    check(is_plain_device_program(program, 2), "what it is asked about may be read");
    for (short at = -4; at <= 16; at += 2) {
        program[0].off = at;
        check(is_plain_device_program(program, 2) == (at == 0 || at == 4 || at == 8), "within its bounds, and no part of two words");
    }
    for (unsigned i = 0; i + 1 < COUNT_OF(program); i++)
        program[i] = answer;
    program[DEVICE_PROGRAM_MAX - 1] = end;
    check(is_plain_device_program(program, DEVICE_PROGRAM_MAX) && !is_plain_device_program(program, DEVICE_PROGRAM_MAX + 1), "the longest program is plain, and no longer one");
    /* each code there is, with each pair of registers: none that stores, calls or names an address is plain */
    unsigned taken = 0, wrong = 0;
    for (unsigned code = 0; code < 256; code++)
        for (unsigned pair = 0; pair < 256; pair++) {
            const struct bpf_insn tried[] = {answer, {.code = (unsigned char)code, .dst_reg = pair & 15, .src_reg = pair >> 4 & 15}, answer, end};
            const bool is_plain = is_plain_device_program(tried, 4);
            const unsigned class = BPF_CLASS(code);
            const bool is_harmless = (class == BPF_LDX || class == BPF_ALU || class == BPF_ALU64 || class == BPF_JMP || class == BPF_JMP32) && code != (BPF_JMP | BPF_CALL) &&
                                     (pair & 15) < 10 && pair >> 4 < 10;
            taken += is_plain;
            wrong += is_plain && !is_harmless;
        }
    check(taken > 100 && wrong == 0, "no instruction is plain that stores, calls or takes an address");
}

static void check_figures(void) {
    struct sysinfo info = {.totalram = 1000, .freeram = 900, .totalswap = 100, .freeswap = 100, .mem_unit = 1024, .procs = 300};
    struct figures figures = {.memory = 512000, .used = 600000, .swap = UINT64_MAX, .swap_used = 2400, .processes = 3, .uptime = 7};
    tell_figures(&figures, &info);
    check(info.totalram == 512000 && info.mem_unit == 1, "a container's memory is that of its limit, in bytes");
    check(info.freeram == 0, "a container that uses more than its limit has nothing free");
    check(info.totalswap == 102400 && info.freeswap == 100000, "without a limit of swap it has the host's");
    check(info.procs == 3 && info.uptime == 7, "processes and uptime are the container's");
}

int main(void) {
    check_sftp();
    check_json();
    check_numbers();
    check_header();
    check_tables();
    check_choice();
    check_maps();
    check_parser();
    check_mount_options();
    check_figures();
    check_device_programs();
    check(apart(OVERLAY_BY_DESCRIPTOR), "an overlay takes its layers by descriptor, as Linux 6.13 does");
    check(apart(OVERLAY_BY_PATH), "an overlay takes its layers by path, as older kernels do");
    printf("1..%d\n", number);
    return failures > 0;
}
