// A CUDA runtime on the CPU, for tests: .cu files compile as C++ against this directory. Compiled with
// -fsanitize=thread,bounds,alignment, every access of theirs is checked; what is found is printed and ends the process.
// Not modelled: weak memory order and fences, the rounding of fast-math functions, tensor cores, cooperative groups.
//
// EMULATION_SEED=n        the order of blocks and threads that a report named
// EMULATION_STREAMS=lazy  work runs only when somebody waits for it, so that missing waits show
// EMULATION_PROTECT=1     device memory faults when the host touches it, also from libraries
// EMULATION_MEMORY=n      mebibytes per device, 4096 if not set
#pragma once

#include "emulation/api.h"
#include "emulation/atomic.h"
#include "emulation/builtin.h"
#include "emulation/math.h"
#include "emulation/sync.h"
#include "emulation/types.h"
#include "library_types.h"
