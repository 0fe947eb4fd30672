# CUDA on the CPU, for tests. The .cu files are compiled as C++ with the sanitizers' calls that hooks.cpp answers: their
# own runtimes must not be linked.
set(EMULATION_CHECKS -fsanitize=thread,bounds,alignment)
file(GLOB EMULATION ${CMAKE_CURRENT_LIST_DIR}/*.cpp)
add_library(emulation OBJECT ${EMULATION})
target_include_directories(emulation PUBLIC ${CMAKE_CURRENT_LIST_DIR}/include)
target_compile_options(emulation PRIVATE -O2 -Wall -Wextra -fvisibility=hidden)
