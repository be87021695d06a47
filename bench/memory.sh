#!/usr/bin/env bash
# Memory of one base with three adapters beside that of three merged models, each served by a process of its own.
#   bench/memory.sh [--program DIR/patchbay.dll] [--shape qwen2.5-0.5b] [OPTION-OF-SERVE …]
# A merged model has the base's shape and weights of its own: here a copy of the base in files of its own. Read after one answer of
# every model, from /proc/PID/smaps_rollup: Pss (everything, shared pages in parts) and Anonymous (what is not mapped from files).
# With --weights native the weights are the mapped checkpoint, and Pss counts. With packed weights Anonymous counts: nothing is taken
# from the cache here, so the packed weights are in it, and pages of the checkpoint that were read while packing are only cache.
set -euo pipefail
program=artifacts/bin/Patchbay/release/patchbay.dll shape=qwen2.5-0.5b
while [ $# -gt 0 ]; do
  case $1 in
    --program) program=$2; shift 2 ;;
    --shape) shape=$2; shift 2 ;;
    *) break ;;
  esac
done
program=$(realpath "$program")
work=$(mktemp -d)
pids=()
finish() {
  [ ${#pids[@]} -eq 0 ] || { kill "${pids[@]}" 2>/dev/null || true; wait "${pids[@]}" 2>/dev/null || true; }
  rm -rf "$work"
}
trap finish EXIT
export PATCHBAY_NO_CACHE=1

dotnet "$program" bench --shape "$shape" --write "$work/model" >/dev/null
mkdir "$work/three" "$work/none"
cp -r "$work"/model/adapters/a[123] "$work/three/"
for merged in 1 2 3; do cp -r "$work/model/base" "$work/merged-$merged"; done

# serve MODEL ADAPTERS [OPTION …]: starts a server and sets address and pid.
serve() {
  local model=$1 adapters=$2; shift 2
  local log
  log=$(mktemp -p "$work")
  dotnet "$program" serve --port 0 --model "$model" --adapters "$adapters" --no-watch "$@" >"$log" 2>&1 &
  pid=$!
  pids+=("$pid")
  until grep -q ' -d ' "$log"; do
    kill -0 "$pid" || { cat "$log" >&2; exit 1; }
    sleep 0.1
  done
  address=$(awk '/^ *API/ { print $2; exit }' "$log")
}

ask() {
  curl -sf "${address%/}/completions" -H 'content-type: application/json' \
    -d "{\"model\":\"$1\",\"prompt\":\"Hello\",\"max_tokens\":16}" >/dev/null
}

stop() {
  kill "${pids[@]}"
  wait "${pids[@]}" 2>/dev/null || true
  pids=()
}

megabytes() { awk -v field="$1:" '$1 == field { printf "%.0f", $2 * 1024 / 1e6 }' "/proc/$2/smaps_rollup"; }

serve "$work/model/base" "$work/three" "$@"
for name in base a1 a2 a3; do ask "$name"; done
one=$(megabytes Pss "$pid") own=$(megabytes Anonymous "$pid")
echo "one base, three adapters: Pss $one MB, anonymous $own MB"
stop

merged=0 anonymous=0
for model in 1 2 3; do
  serve "$work/merged-$model" "$work/none" "$@"
  ask base
done
for pid in "${pids[@]}"; do
  merged=$((merged + $(megabytes Pss "$pid"))) anonymous=$((anonymous + $(megabytes Anonymous "$pid")))
done
echo "three merged models:      Pss $merged MB, anonymous $anonymous MB"
awk -v p="$one" -v q="$merged" -v a="$own" -v b="$anonymous" \
  'BEGIN { printf "share:                    Pss %.1f %%, anonymous %.1f %%\n", 100 * p / q, 100 * a / b }'
