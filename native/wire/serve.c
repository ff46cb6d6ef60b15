/* See serve.h. */
#include "wire/serve.h"

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

static const struct {
    enum verb verb;
    void (*serve)(struct cell *cell);
} servers[] = {
    {VERB_START, serve_start},
    {VERB_EXEC, serve_exec},
    {VERB_FILE, serve_file},
    {VERB_NET_STATE, serve_net_state},
    {VERB_RUN, serve_run},
    {VERB_PLUG, serve_plug},
    {VERB_END, serve_end},
    {VERB_AWAIT, serve_await},
    {VERB_REMOVE, serve_remove},
    {VERB_PROXY, serve_proxy},
    {VERB_SFTP, serve_sftp},
    {VERB_GUEST_API, serve_guest_api},
    {VERB_PEERS, serve_peers},
    {VERB_PROJECT, serve_project},
};

void serve(struct cell *cell) {
    for (size_t i = 0; i < COUNT_OF(servers); i++)
        if (servers[i].verb == cell->verb)
            servers[i].serve(cell);
}
