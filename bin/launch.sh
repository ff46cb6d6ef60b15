# Sourced by the launchers beside it. Starts $main of this package, with $options (one word or nothing) for Node itself, with a
# Node that is new enough: the one that set-up brought, else the one on PATH. `exec` keeps the process id, so what started a
# daemon knows its pid.
program=$(readlink -f -- "$0")
root=${program%/bin/*}
name=${program##*/}

fail() {
  printf 'Cannot start "%s": %s\n' "$name" "$1" >&2
  exit 1
}

# Node 22.19 or newer: what undici 8 and @pulumi/pulumi 3.270 ask for
is_new_enough() {
  version=${1#v}
  major=${version%%.*}
  rest=${version#*.}
  minor=${rest%%.*}
  [ "$major" -gt 22 ] 2>/dev/null || { [ "$major" -eq 22 ] && [ "$minor" -ge 19 ]; } 2>/dev/null
}

[ -f "$root/$main" ] || fail "$root/$main is not there. Run \"npm run build\" in $root."
node=$root/.toolchain/bin/node
if [ ! -x "$node" ]; then
  node=$(command -v node) || fail "there is no Node on PATH. Install Node 22.19 or newer."
  version=$("$node" --version)
  if ! is_new_enough "$version"; then
    advice="Install Node 22.19 or newer"
    [ -f "$root/scripts/with-setup.js" ] && advice="$advice, or run \"npm run build\" in $root, which brings one"
    fail "$node is Node ${version#v}. $advice."
  fi
fi
exec "$node" --disable-warning=ExperimentalWarning $options "$root/$main" "$@"
