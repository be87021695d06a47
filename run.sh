#!/usr/bin/env bash
# Builds Patchbay and serves a model. Without arguments: the embedded demo on http://127.0.0.1:8080.
#   ./run.sh
#   ./run.sh --model DIR_OR_GGUF --adapters DIR
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
program="$here/artifacts/patchbay"
stamp="$program/.built"

sources=("$here"/src "$here"/demo "$here"/web/src "$here"/web/public "$here"/web/index.html "$here"/web/*.ts "$here"/web/*.json "$here"/Directory.*.props "$here"/global.json)
if [ ! -e "$stamp" ] || [ -n "$(find "${sources[@]}" -newer "$stamp" -type f -print -quit)" ]; then
  if ! command -v dotnet >/dev/null 2>&1 || ! dotnet --list-sdks 2>/dev/null | grep -q '^10\.'; then
    cat >&2 <<'TEXT'
Patchbay needs the .NET 10 SDK, and nothing else. To get it:
  Debian, Ubuntu   sudo apt-get install dotnet-sdk-10.0
  macOS            brew install dotnet
  Windows          winget install Microsoft.DotNet.SDK.10
  anything else    https://dot.net/download
TEXT
    exit 1
  fi
  echo "Building Patchbay (a minute at the first time) ..."
  log="$here/artifacts/build.log"
  mkdir -p "$here/artifacts"
  if ! dotnet publish "$here/src/Patchbay" -c Release --use-current-runtime --self-contained false -o "$program" -v quiet -nologo >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
  fi
  touch "$stamp"
fi

exec dotnet "$program/patchbay.dll" serve "$@"
