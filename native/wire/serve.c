/* See serve.h. */
#include "wire/serve.h"

#include <string.h>

#include "base/util.h"
#include "kernel/cgroup-end.h"
#include "verbs/await.h"
#include "verbs/exec.h"
#include "verbs/file/file.h"
#include "verbs/guest-api/guest-api.h"
#include "verbs/net-state.h"
#include "verbs/peers.h"
#include "verbs/plug.h"
#include "verbs/project.h"
#include "verbs/proxy/proxy.h"
#include "verbs/remove/remove.h"
#include "verbs/run.h"
#include "verbs/sftp/sftp.h"
#include "verbs/start/start.h"

static const struct verb_kind verbs[] = {
    {"await", VERB_AWAIT, begin_await, serve_await},
    {"end", VERB_END, NULL, serve_end},
    {"exec", VERB_EXEC, begin_exec, serve_exec},
    {"file", VERB_FILE, begin_file, serve_file},
    {"guest-api", VERB_GUEST_API, begin_guest_api, serve_guest_api},
    {"net-state", VERB_NET_STATE, begin_net_state, serve_net_state},
    {"peers", VERB_PEERS, NULL, serve_peers},
    {"plug", VERB_PLUG, begin_plug, serve_plug},
    {"project", VERB_PROJECT, begin_project, serve_project},
    {"proxy", VERB_PROXY, begin_proxy, serve_proxy},
    {"remove", VERB_REMOVE, begin_remove, serve_remove},
    {"run", VERB_RUN, begin_run, serve_run},
    {"sftp", VERB_SFTP, begin_file, serve_sftp},
    {"start", VERB_START, begin_start, serve_start},
};

const struct verb_kind *find_verb(const char *name) {
    for (size_t i = 0; i < COUNT_OF(verbs); i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

void serve(struct cell *cell) {
    for (size_t i = 0; i < COUNT_OF(verbs); i++)
        if (verbs[i].verb == cell->verb)
            verbs[i].serve(cell);
}
