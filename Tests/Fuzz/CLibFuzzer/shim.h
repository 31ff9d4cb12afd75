// The door to libFuzzer for a program with a main function of its own, as those of SwiftPM have.
// LLVM ships no header: see "Using libFuzzer as a library" in https://llvm.org/docs/LibFuzzer.html.
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(
    int *argc, char ***argv, int (*check)(const uint8_t *bytes, size_t count));
