/* What a build under sanitizers is told (make sanitize); A process of a container has no environment that could say it. */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

/* most processes end without giving memory back; a supervisor's standard streams lead nowhere */
const char *__asan_default_options(void) {
    return "detect_leaks=0:abort_on_error=1:log_path=/tmp/bothy-cell-sanitizer";
}

const char *__ubsan_default_options(void) {
    return "print_stacktrace=1:abort_on_error=1:log_path=/tmp/bothy-cell-sanitizer";
}

/*
 * Takes the place of the sanitizer's own, which cleans the stack before a function that does not return, and warns where it does not know the stack: that of a
 * process that was lent our memory. Here such functions end the process or execute another program.
 */
void __asan_handle_no_return(void);
void __asan_handle_no_return(void) {
}
