#!/bin/bash
# Runs scripts for the host: scripts/vm/agent.ts is the other end of this line, and says what goes over it.
# The line may be opened once only, so one descriptor reads and writes.
exec 3<>/dev/virtio-ports/bothy.agent
cd /root
echo "ready $(cat /proc/sys/kernel/random/boot_id)" >&3
while read -r -u 3 id seconds script; do
  base64 -d <<<"$script" >/run/agent-script
  # files rather than pipes: a background process keeps them open, and nobody waits for their end
  timeout -k 5 "$seconds" bash /run/agent-script </dev/null >/run/agent-out 2>/run/agent-err 3<&-
  code=$?
  echo "$id $code $(head -c 1000000 /run/agent-out | base64 -w 0)= $(head -c 1000000 /run/agent-err | base64 -w 0)=" >&3
done
