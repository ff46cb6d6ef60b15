"""A machine container that is ready when its web server answers, with limits in a profile."""

import bothy
import pulumi

small = bothy.Profile("small", config={"limits.memory": "64MiB", "limits.processes": "100"})

web = bothy.Container(
    "web",
    image="template:busybox",
    profiles=["default", small.name],
    files={
        "/etc/rc.local": {"mode": "0755", "content": "#!/bin/sh\nhttpd -h /var/www\n"},
        "/var/www/index.html": {"content": "Hello from Python.\n"},
    },
    wait={"command": ["wget", "-q", "-O", "/root/page", "http://localhost/"]},
)

pulumi.export("address", web.ipv4_address)
pulumi.export("server", bothy.get_server_output().server)
