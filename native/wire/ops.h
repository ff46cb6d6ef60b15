/* The table of operations: the whole surface of the helper at one look. */
#pragma once

#include "wire/cell.h"

/** @returns the operation of that name if the verb knows it, else NULL */
const struct op_kind *find_op(const char *name, enum verb verb);

/* each defined in the file of its subject; take_*: words to data, host_*: before the clone, inside_*: as the container's root */
int take_arg(struct cell *, struct op *), take_env(struct cell *, struct op *), take_cwd(struct cell *, struct op *); /* command-words.c */
int take_home(struct cell *, struct op *), take_umask(struct cell *, struct op *), take_no_new_privs(struct cell *, struct op *);
int take_user(struct cell *, struct op *), take_group(struct cell *, struct op *), take_supplementary_group(struct cell *, struct op *);
int take_net(struct cell *, struct op *);                                                              /* nic.c */
int take_console_log(struct cell *, struct op *);                                                      /* console.c */
int take_reaper(struct cell *, struct op *);                                                           /* reaper.c */
int take_stream(struct cell *, struct op *), take_tty(struct cell *, struct op *);                     /* exec-words.c */
int take_file_action(struct cell *, struct op *);                                                      /* file.c */
int take_at(struct cell *, struct op *);                                                               /* run.c */
int take_follow(struct cell *, struct op *);                                                           /* net-state.c */
int take_input(struct cell *, struct op *);                                                            /* run.c */
int take_output(struct cell *, struct op *);                                                           /* run.c */
int take_upstream(struct cell *, struct op *);                                                         /* guest-api.c */
int take_id_line(struct cell *, struct op *);                                                          /* userns.c */
int take_root_dir(struct cell *, struct op *), take_root_overlay(struct cell *, struct op *);           /* rootfs.c */
int take_root_readonly(struct cell *, struct op *);
int take_root_unmapped(struct cell *, struct op *);
int host_cgroup_make(struct cell *, struct op *), host_cgroup_write(struct cell *, struct op *);        /* cgroup.c */
int host_cgroup_own(struct cell *, struct op *), host_cgroup_join(struct cell *, struct op *);
int host_cgroup_into(struct cell *, struct op *);
int take_cgroup_devices(struct cell *, struct op *), host_cgroup_devices(struct cell *, struct op *);   /* devices.c */
int take_bind(struct cell *, struct op *), host_bind(struct cell *, struct op *), inside_bind(struct cell *, struct op *); /* mounts.c */
int take_disk(struct cell *, struct op *), host_disk(struct cell *, struct op *);                       /* disk.c */
int take_mount(struct cell *, struct op *), inside_mount(struct cell *, struct op *);
int host_dev(struct cell *, struct op *), inside_dev(struct cell *, struct op *);
int take_choose(struct cell *, struct op *);                                                           /* choose.c */
int take_mask(struct cell *, struct op *), take_readonly(struct cell *, struct op *), take_cover(struct cell *, struct op *);
int take_mkdir(struct cell *, struct op *), inside_mkdir(struct cell *, struct op *), inside_symlink(struct cell *, struct op *); /* tree.c */
int inside_hostname(struct cell *, struct op *), take_sysctl(struct cell *, struct op *);               /* kernel-settings.c */
int inside_devpts(struct cell *, struct op *), inside_console(struct cell *, struct op *);              /* console.c */
int take_nic_address(struct cell *, struct op *);                                                                              /* nic-address.c */
int take_nic_parent(struct cell *, struct op *);                                                       /* nic-parent.c */
int take_nic_port(struct cell *, struct op *);                                                         /* nic-port.c */
int take_nic_move(struct cell *, struct op *), take_unplug_inner(struct cell *, struct op *), host_unplug_inner(struct cell *, struct op *); /* nic-moved.c */
int take_nic(struct cell *, struct op *), take_unplug_nic(struct cell *, struct op *), host_unplug_nic(struct cell *, struct op *); /* nic.c */
int take_node(struct cell *, struct op *), host_node(struct cell *, struct op *), inside_node(struct cell *, struct op *); /* node.c */
int inside_unnode(struct cell *, struct op *);
int inside_unbind(struct cell *, struct op *);                                                         /* plug.c */
int take_apparmor(struct cell *, struct op *), take_selinux(struct cell *, struct op *), take_selinux_files(struct cell *, struct op *);                                                         /* label.c */
int host_seccomp(struct cell *, struct op *);                                                          /* seccomp.c */
int take_intercept(struct cell *, struct op *);                                                        /* verbs/notify/words.c */
int take_caps(struct cell *, struct op *);                                                             /* caps.c */
int take_rlimit(struct cell *, struct op *);                                                           /* limits.c */
int take_oom(struct cell *, struct op *);
int take_personality(struct cell *, struct op *);                                                      /* inherit.c */
int take_tree(struct cell *, struct op *);                                                             /* remove.c */
int take_folder(struct cell *, struct op *), take_project_change(struct cell *, struct op *);              /* project.c */
int take_proxy_listen(struct cell *, struct op *), take_proxy_connect(struct cell *, struct op *);      /* proxy-words.c */
int take_proxy_file(struct cell *, struct op *), take_proxy_user(struct cell *, struct op *), take_proxy_header(struct cell *, struct op *);
int take_target(struct cell *, struct op *);                                                           /* target.c */
