// A CUDA runtime on the CPU, for tests: .cu files compile as C++ against this directory.
#pragma once

#include "emulation/api.h"
#include "emulation/atomic.h"
#include "emulation/builtin.h"
#include "emulation/math.h"
#include "emulation/sync.h"
#include "emulation/types.h"
