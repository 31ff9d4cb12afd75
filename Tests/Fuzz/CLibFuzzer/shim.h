// libFuzzer's entry point for programs with their own main function, such as SwiftPM executables.
// LLVM ships no header for it. See "Using libFuzzer as a library" in
// https://llvm.org/docs/LibFuzzer.html.
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(
    int *argc, char ***argv, int (*check)(const uint8_t *bytes, size_t count));
