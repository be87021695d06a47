#!/usr/bin/env bash
# Runs the engine's tests as an Arm program in QEMU's user mode, for people without such a machine. Debian and Ubuntu, x64.
#   tests/arm64.sh [ARGUMENT …]    arguments go to the test program; default: kernels, and the golden logits of all families and of PEFT
#   PATCHBAY_ARM_CPU=cortex-a72    a processor without SDOT; default max
# Needs qemu-aarch64-static (package qemu-user-static). Libraries for Arm are unpacked under artifacts/, nothing is installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
command -v qemu-aarch64-static >/dev/null || { echo "qemu-aarch64-static is missing: install qemu-user-static."; exit 2; }

folder="$PWD/artifacts/arm64"
mkdir -p "$folder/apt/lists/partial" "$folder/packages"
if [ ! -e "$folder/root/lib/ld-linux-aarch64.so.1" ]; then
  apt=(-o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o "Dir::State=$folder/apt" -o Dir::State::status=/dev/null -o APT::Sandbox::User=root)
  touch "$folder/apt/status"
  apt-get "${apt[@]}" update -qq
  for package in libc6 libstdc++6 libgcc-s1 zlib1g libssl3 libssl3t64; do
    # The last two are one library under two names.
    (cd "$folder/packages" && apt-get "${apt[@]}" download -qq "$package" 2>/dev/null) || [[ $package == libssl3* ]]
  done
  for package in "$folder"/packages/*.deb; do dpkg -x "$package" "$folder/root"; done
fi

dotnet publish tests/Patchbay.Engine.Tests -c Release -r linux-arm64 --self-contained -v quiet -nologo -o "$folder/tests"
[ $# -gt 0 ] || set -- --filter-class "Patchbay.Engine.Tests.Kernels.*" "*.FamilyGoldenTests" "*.PeftGoldenTests"

# Code that is written at one address and run at another is not always seen by QEMU: one run of a few ended with an illegal instruction.
export DOTNET_EnableWriteXorExecute=0 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 QEMU_LD_PREFIX="$folder/root"
exec qemu-aarch64-static -cpu "${PATCHBAY_ARM_CPU:-max}" "$folder/tests/Patchbay.Engine.Tests" --no-ansi --show-live-output off "$@"
