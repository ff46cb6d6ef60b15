/* See serve.h. */
#include "serve.h"

#include "await.h"
#include "cgroup-end.h"
#include "exec.h"
#include "file.h"
#include "guest-api.h"
#include "net-state.h"
#include "peers.h"
#include "plug.h"
#include "project.h"
#include "proxy.h"
#include "remove.h"
#include "run.h"
#include "sftp.h"
#include "start.h"
#include "util.h"

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
