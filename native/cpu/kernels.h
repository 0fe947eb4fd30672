// Prototypes of the CPU kernels. Every file of this folder that holds kernels is compiled once per instruction set,
// into the namespace ISA (generic, avx2, avx512); isa.cpp picks one by CPUID.
#pragma once
#include "../ops.h"
#include "threads.h"

#ifndef ISA
#error "kernel files are compiled with -DISA=<instruction set>"
#endif

// Hidden, so that a missing body fails the link.
#pragma GCC visibility push(hidden)
namespace convcore::cpu::ISA {
#define OP(name, signature, counts) void name signature;
#include "../ops.def"
#undef OP
}  // namespace convcore::cpu::ISA
#pragma GCC visibility pop
