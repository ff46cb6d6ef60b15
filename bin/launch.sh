# Sourced by the launchers beside it. Starts $main of this package, with $options (words or nothing) for Node itself, with the
# Node that set-up brought, else the one on PATH; $main says when that one is too old. `exec` keeps the process id, so what
# started a daemon knows its pid. No process is made on the way, since each would be paid for at every start.
name=${program##*/}
folder=${program%/*}
case $folder in
  /*/bin) ;;
  *) folder=$(cd -- "$folder" && pwd -P) ;;
esac
root=${folder%/bin}

fail() {
  printf 'Cannot start "%s": %s\n' "$name" "$1" >&2
  exit 1
}

[ -f "$root/$main" ] || fail "$root/$main is not there. Run \"npm run build\" in $root."
node=$root/.toolchain/bin/node
if [ ! -x "$node" ]; then
  node=node
  command -v node >/dev/null || fail "there is no Node on PATH. Install Node 22.19 or newer."
fi
exec "$node" $options "$root/$main" "$@"
